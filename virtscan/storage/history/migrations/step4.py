"""Schema 4: the views have no removal of a domain that may be on a hypervisor that was not read."""

_STATEMENTS = """
DROP VIEW change;

CREATE VIEW change AS
SELECT c.name AS scope, h.site, h.name AS hypervisor, v.name AS domain, v.uuid, v.first_scan AS scan, s.taken_at,
  CASE
    WHEN EXISTS (
      SELECT 1 FROM domain_version p WHERE p.host_id = v.host_id AND p.end_scan = v.first_scan
      AND p.next_start = v.next_start AND coalesce(p.uuid, p.name) = coalesce(v.uuid, v.name)
    ) THEN 'changed'
    WHEN EXISTS (
      SELECT 1 FROM domain_version o JOIN host k ON k.id = o.host_id WHERE o.uuid = v.uuid AND o.host_id <> v.host_id
      AND k.scope_id = h.scope_id AND o.first_scan < v.first_scan
      AND coalesce(o.end_scan, k.removed_scan) >= v.first_scan
    ) THEN 'moved'
    ELSE 'added'
  END AS kind
FROM domain_version v
JOIN host h ON h.id = v.host_id
JOIN scope c ON c.id = h.scope_id
JOIN scan s ON s.id = v.first_scan
WHERE v.first_scan > h.first_complete
UNION ALL
SELECT c.name, h.site, h.name, v.name, v.uuid, v.end_scan, s.taken_at,
  CASE
    WHEN EXISTS (
      SELECT 1 FROM host_version w WHERE w.host_id = v.host_id AND w.first_scan <= v.end_scan
      AND (w.end_scan IS NULL OR w.end_scan > v.end_scan) AND {lists_some}
    ) THEN 'not-seen'
    WHEN {may_be_elsewhere_at_end} THEN 'not-seen'
    ELSE 'removed'
  END
FROM domain_version v
JOIN host h ON h.id = v.host_id
JOIN scope c ON c.id = h.scope_id
JOIN scan s ON s.id = v.end_scan
WHERE NOT EXISTS (
  SELECT 1 FROM domain_version n WHERE n.host_id = v.host_id AND n.first_scan = v.end_scan
  AND n.next_start = v.next_start AND coalesce(n.uuid, n.name) = coalesce(v.uuid, v.name)
) AND NOT EXISTS (
  SELECT 1 FROM domain_version o JOIN host k ON k.id = o.host_id WHERE o.uuid = v.uuid AND o.host_id <> v.host_id
  AND k.scope_id = h.scope_id AND o.first_scan <= v.end_scan
  AND (coalesce(o.end_scan, k.removed_scan) IS NULL OR coalesce(o.end_scan, k.removed_scan) > v.end_scan)
)
UNION ALL
SELECT c.name, h.site, h.name, v.name, v.uuid, h.removed_scan, s.taken_at,
  CASE
    WHEN {may_be_elsewhere_at_removal} THEN 'not-seen'
    ELSE 'removed'
  END
FROM host h
JOIN domain_version v ON v.host_id = h.id AND v.end_scan IS NULL
JOIN scope c ON c.id = h.scope_id
JOIN scan s ON s.id = h.removed_scan
WHERE NOT EXISTS (
  SELECT 1 FROM domain_version o JOIN host k ON k.id = o.host_id WHERE o.uuid = v.uuid AND o.host_id <> v.host_id
  AND k.scope_id = h.scope_id AND o.first_scan <= h.removed_scan
  AND (coalesce(o.end_scan, k.removed_scan) IS NULL OR coalesce(o.end_scan, k.removed_scan) > h.removed_scan)
)
"""


_MAY_BE_ELSEWHERE = """v.uuid IS NOT NULL AND EXISTS (
      SELECT 1 FROM host_scan u JOIN host k ON k.id = u.host_id
      WHERE u.scan_id = {scan} AND u.status <> 'complete' AND (
        (coalesce(k.last_complete, 0) < {scan} AND k.removed_scan IS NULL) OR EXISTS (
          SELECT 1 FROM domain_version o
          WHERE o.uuid = v.uuid AND o.host_id = u.host_id AND o.first_scan > {scan}
        )
      )
    )"""
"""A domain that may be on a host that was unread at this scan, and is configured and unread since, or had it later."""

_LISTS_SOME = {
    "sqlite": "coalesce(json_extract(w.data, '$.lists_all_domains'), 0) = 0",
    "postgresql": "coalesce(w.data::JSON ->> 'lists_all_domains', 'false') = 'false'",
}
"""A version of a hypervisor that may have more domains than it lists."""


def statements(dialect: str) -> tuple[str, ...]:
    """Return the statements of this step."""
    text = _STATEMENTS.format(
        lists_some=_LISTS_SOME[dialect],
        may_be_elsewhere_at_end=_MAY_BE_ELSEWHERE.format(scan="v.end_scan"),
        may_be_elsewhere_at_removal=_MAY_BE_ELSEWHERE.format(scan="h.removed_scan"),
    )
    return tuple(part.strip() for part in text.split(";\n") if part.strip())
