"""Schema 3: the views have no number for a scan that was not judged, and no removal that a list does not prove."""

_STATEMENTS = """
DROP VIEW hypervisor_now;

CREATE VIEW hypervisor_now AS
SELECT c.name AS scope, h.site, h.name AS hypervisor, v.uri, s.status, n.id AS scan, n.taken_at,
  l.taken_at AS last_complete, v.kernel, v.cpus, v.memory_mib, s.domains, s.interfaces, nullif(s.at_risk, -1) AS at_risk
FROM scope c
JOIN scan n ON n.id = (SELECT max(id) FROM scan WHERE scope_id = c.id)
JOIN host_scan s ON s.scan_id = n.id
JOIN host h ON h.id = s.host_id
JOIN host_version v ON v.id = s.version_id
LEFT JOIN scan l ON l.id = h.last_complete;

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
SELECT c.name, h.site, h.name, v.name, v.uuid, h.removed_scan, s.taken_at, 'removed'
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

LISTS_SOME = {
    "sqlite": "coalesce(json_extract(w.data, '$.lists_all_domains'), 0) = 0",
    "postgresql": "coalesce(w.data::JSON ->> 'lists_all_domains', 'false') = 'false'",
}
"""A version of a hypervisor that may have more domains than it lists."""


def statements(dialect: str) -> tuple[str, ...]:
    """Return the statements of this step."""
    text = _STATEMENTS.format(lists_some=LISTS_SOME[dialect])
    return tuple(part.strip() for part in text.split(";\n") if part.strip())
