"""A Foreman over real HTTP, which pages its records as the real one does."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.harness.patience import LONG
from tests.harness.web_server import Answer, Request
from virtscan.model import ProvisioningKind, ProvisioningTarget, Secret
from virtscan.provisioning import READERS, Records

JSON = {"Content-Type": "application/json; charset=utf-8"}


def reply(value: Any, status: int = 200, **headers: str) -> Answer:
    return Answer(status=status, headers=JSON | headers, body=json.dumps(value).encode())


def foreman(
    lists: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    instead: Mapping[str, Answer] | None = None,
    largest_page: int = 1000,
) -> Callable[[Request], Answer]:
    """A Foreman with these records by path below /api/v2, and other answers for some paths."""

    def answer(request: Request) -> Answer:
        path = request.path.removeprefix("/api/v2/")
        if instead and path in instead:
            return instead[path]
        if path not in lists:
            return reply({"error": {"message": "Resource not found"}}, 404)
        records = [record for record in lists[path] if "build" not in record or record["build"]]
        page, size = int(request.query["page"]), min(int(request.query["per_page"]), largest_page)
        return reply(
            {
                "total": len(lists[path]),
                "subtotal": len(records),
                "page": page,
                "per_page": size,
                "search": request.query.get("search"),
                "sort": {"by": None, "order": None},
                "results": records[(page - 1) * size : page * size],
            }
        )

    return answer


def read(url: str, *, timeout: float = LONG, **more: Any) -> Records:
    login: dict[str, Any] = {"user": "scan", "secret": Secret("t0ken-å")}
    target = ProvisioningTarget(kind=ProvisioningKind.FOREMAN, url=url, **(login | more))
    return READERS[target.kind](target, timeout=timeout)


def recorded(corpus: Path, name: str) -> Any:
    """A record of the corpus: the one that is shown, or the first of a list."""
    (path,) = (corpus / "foreman-api").glob(f"*fixtures__{name}.json")
    document = json.loads(path.read_text())
    return document["results"][0] if "results" in document else document
