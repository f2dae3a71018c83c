"""The kernel's command line at the next boot, in the files of boot loaders."""

import pytest

from virtscan.offload.kernel_command_line import boot_words, of_loader, renames_nics

ENTRY = "menuentry 'Debian' --class gnu-linux {{\n\tlinux\t/vmlinuz-6.1 root=/dev/sda1 ro {}\n}}\n"
RECOVERY = (
    "submenu 'Advanced options' {\n"
    "\tmenuentry 'Debian, (recovery mode)' $menuentry_id_option 'gnulinux-6.1-recovery-a' {\n"
    "\t\tlinux\t/vmlinuz-6.1 root=/dev/sda1 ro single\n\t}\n}\n"
)
FIRST = 'set default="0"\n'


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ENTRY.format("quiet") + RECOVERY, set()),
        (ENTRY.format("systemd.unit=rescue.target"), {"systemd.unit=rescue.target"}),
        (FIRST + ENTRY.format("quiet") + ENTRY.format("emergency"), set()),
        (FIRST + ENTRY.format("emergency") + ENTRY.format("quiet"), {"emergency"}),
        (ENTRY.format("quiet") + ENTRY.format("emergency"), {"emergency"}),
        (ENTRY.format("single").replace("linux\t", "linux16 "), {"single"}),
        ('set default_kernelopts="root=/dev/sda1 ro init=/bin/sh"\n', {"init=/bin/sh"}),
        ("options root=/dev/sda1 systemd.mask=cron.service\n", {"systemd.mask=cron.service"}),
        ("saved_entry=a\nkernelopts=root=/dev/sda1 3\n", {"3"}),
        ("# linux /vmlinuz single\n", set()),
    ],
)
def test_words_that_select_what_starts_are_found_in_files_of_the_loader(text: str, words: set[str]) -> None:
    assert boot_words("root=/dev/sda1 ro", " ".join(of_loader(text)), "") == words


@pytest.mark.parametrize(
    ("now", "loader", "defaults", "renamed"),
    [
        ("quiet net.ifnames=0", "quiet net.ifnames=0", "", False),
        ("quiet net.ifnames=0", "quiet", "net.ifnames=0", False),
        ("quiet net.ifnames=0", "quiet", "", True),
        ("quiet net.ifnames=0", None, "", False),
        ("quiet", "quiet", "biosdevname=0", True),
        ("quiet net.ifnames=1", "net.ifnames=0", "", True),
        (None, "net.ifnames=0", "", False),
    ],
)
def test_nics_get_other_names_if_the_next_boot_differs(
    now: str | None, loader: str | None, defaults: str, renamed: bool
) -> None:
    assert renames_nics(now, loader, defaults) is renamed
    assert boot_words(now, loader, defaults) == set()
