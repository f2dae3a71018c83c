"""Many documents at once are read as each of them alone."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.analyzer import truth
from tests.analyzer.reading import read_domain
from virtscan.analyzer import read_domains
from virtscan.analyzer.xml.parsing import MAX_DOCUMENT
from virtscan.errors import AnalyzerError
from virtscan.model import Domain, DomainState

GOOD = [f"<domain type='kvm'>\n  <name>vm{number}</name>\n  <vcpu>{number}</vcpu>\n</domain>\n" for number in range(3)]
BAD = {
    "cut short": GOOD[0][:-6],
    "nothing": "",
    "another root": "<network><name>a</name></network>",
    "two roots": GOOD[0] + GOOD[1],
    "a document type": "<!DOCTYPE domain [<!ENTITY a 'b'>]><domain><name>&a;</name></domain>",
    "a lone surrogate": "<domain><name>\ud800</name></domain>",
    "text after it": "<domain/>text",
    "a comment alone": "<!-- <domain></domain> -->",
    "half of two": "<domain><name>a</name>",
    "the other half": "</domain>",
    "too deep": f"<domain>{'<a>' * 300}{'</a>' * 300}</domain>",
    "too large": f"<domain><name>{'x' * MAX_DOCUMENT}</name></domain>",
}
ODD = {
    "a declaration": "<?xml version='1.0'?><domain><name>a</name></domain>",
    "an undeclared namespace": "<domain><x:y/><name>a</name></domain>",
    "a comment before it": "<!-- <domain> --><domain><name>a</name></domain>",
    "as deep as can be": f"<domain>{'<a>' * 255}{'</a>' * 255}</domain>",
    "a status file": "<domstatus><domain id='1'><name>a</name></domain></domstatus>",
}


def text_if_error(read: Domain | AnalyzerError) -> Domain | str:
    return str(read) if isinstance(read, AnalyzerError) else read


def read_alone(document: str) -> Domain | str:
    try:
        domain = read_domain(document, origin="x")
        return replace(domain, state=DomainState.ACTIVE if domain.state is DomainState.ACTIVE else DomainState.INACTIVE)
    except AnalyzerError as error:
        return str(error)


def read_together(documents: list[str]) -> list[Domain | str]:
    return [text_if_error(read) for read in read_domains(documents, origin="x")]


@pytest.mark.parametrize("document", [*BAD.values(), *ODD.values()], ids=[*BAD, *ODD])
def test_odd_or_broken_document_does_not_affect_the_others(document: str) -> None:
    documents = [GOOD[0], document, GOOD[1]]

    assert read_together(documents) == [read_alone(document) for document in documents]


@pytest.mark.parametrize("document", BAD.values(), ids=BAD)
def test_a_broken_file_is_an_error_of_its_own(document: str) -> None:
    first, second, third = read_domains([GOOD[0], document, GOOD[2]], origin="x")

    assert isinstance(second, AnalyzerError)
    assert isinstance(first, Domain)
    assert isinstance(third, Domain)
    assert (first.name, third.name) == ("vm0", "vm2")


def test_a_domain_that_libvirt_prints_without_an_id_is_off() -> None:
    read = read_domains([GOOD[0], GOOD[1].replace("<domain", "<domain id='0'")], origin="x")

    assert [domain.state for domain in read if isinstance(domain, Domain)] == [
        DomainState.INACTIVE,
        DomainState.ACTIVE,
    ]


@given(st.lists(st.sampled_from([*GOOD, *BAD.values(), *ODD.values()]), max_size=6))
def test_documents_read_together_and_alone_give_the_same_values(documents: list[str]) -> None:
    assert read_together(documents) == [read_alone(document) for document in documents]


def test_the_corpus_is_read_alike(corpus: Path) -> None:
    documents = [(corpus / record["file"]).read_text() for record in truth.records(corpus, "domain")]
    good = [document for document in documents if isinstance(read_alone(document), Domain)]

    assert len(good) > 500
    for start in range(0, len(good), 32):
        some = good[start : start + 32]
        assert read_together(some) == [read_alone(document) for document in some]
