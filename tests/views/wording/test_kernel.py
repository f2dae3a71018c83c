from virtscan.model import KernelBasis
from virtscan.views.wording.kernel import kernel_basis


def test_every_basis_has_words_of_its_own() -> None:
    words = [kernel_basis(basis) for basis in KernelBasis]

    assert all(words)
    assert len(set(words)) == len(words)


def test_the_words_name_the_build_that_brings_the_fix() -> None:
    assert kernel_basis(KernelBasis.RHEL6_SINCE) == "RHEL 6 has had the fix since 2.6.32-504.30.3.el6"
    assert "3.10.0-514" in kernel_basis(KernelBasis.RHEL7_BEFORE)
