"""The choice of the worker that reads a slice."""

from virtscan.engines.dask.workers import Worker, choose, for_site, workers_of

AMS = Worker(address="tls://ams:1", slots=2, sites=frozenset({"ams1"}))
BOTH = Worker(address="tls://both:1", slots=4, sites=frozenset({"ams1", "fra1"}))
ANY = Worker(address="tls://any:1", slots=4)


def test_a_scheduler_describes_its_workers_and_their_sites() -> None:
    identity = {
        "workers": {
            "tls://ams:1": {"nthreads": 2, "resources": {"ams1": 1.0}, "name": "x"},
            "tls://any:1": {"nthreads": 4, "resources": {}},
            "tls://old:1": {},
        }
    }

    assert workers_of(identity) == {
        "tls://ams:1": AMS,
        "tls://any:1": ANY,
        "tls://old:1": Worker(address="tls://old:1", slots=1),
    }


def test_a_site_is_read_by_its_own_workers_else_by_those_of_no_site_else_by_all() -> None:
    assert for_site([AMS, BOTH, ANY], "ams1") == [AMS, BOTH]
    assert for_site([AMS, BOTH, ANY], "fra1") == [BOTH]
    assert for_site([AMS, BOTH, ANY], "par1") == [ANY]
    assert for_site([AMS, BOTH, ANY], None) == [ANY]
    assert for_site([AMS, BOTH], "par1") == [AMS, BOTH]
    assert for_site([], "par1") == []


def test_the_worker_with_the_most_free_places_is_chosen_and_none_that_had_the_slice() -> None:
    assert choose([AMS, BOTH], {}, ()) == BOTH
    assert choose([AMS, BOTH], {BOTH.address: 3}, ()) == AMS
    assert choose([AMS, BOTH], {}, {BOTH.address}) == AMS
    assert choose([AMS, BOTH], {AMS.address: 2, BOTH.address: 4}, ()) is None
    assert choose([AMS], {}, {AMS.address}) is None
