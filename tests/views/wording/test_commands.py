import pytest

from virtscan.views.wording.phrases.commands import look_for_the_fix


@pytest.mark.parametrize(
    ("kernel", "command"),
    [
        ("3.13.0-24-generic", "apt-get changelog linux-image-$(uname -r) |"),
        ("3.12-1-amd64", "apt-get changelog linux-image-$(uname -r) |"),
        ("3.10.0-327.el7.x86_64", "rpm -q --changelog -f /boot/vmlinuz-$(uname -r) |"),
        ("3.12.49-11-default", "rpm -q --changelog -f /boot/vmlinuz-$(uname -r) |"),
    ],
)
def test_a_changelog_is_read_with_the_tool_of_its_distribution(kernel: str, command: str) -> None:
    assert look_for_the_fix(kernel).startswith(command)
