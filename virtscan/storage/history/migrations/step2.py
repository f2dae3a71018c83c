"""Schema 2: the domains of a hypervisor that is no longer configured end with it."""

from virtscan.storage.history.migrations.step1 import interface_parts

_STATEMENTS = """
ALTER TABLE host ADD COLUMN removed_scan {bigint};

UPDATE host SET removed_scan = (
  SELECT min(s.id) FROM scan s WHERE s.scope_id = host.scope_id
  AND s.id > (SELECT max(o.scan_id) FROM host_scan o WHERE o.host_id = host.id)
);

DROP VIEW change;

DROP VIEW interface;

DROP VIEW domain;

CREATE VIEW domain AS
SELECT c.name AS scope, h.site, h.name AS hypervisor, v.name AS domain, v.uuid, v.state, v.next_start, v.vcpus,
  v.memory_mib, v.interfaces, v.first_scan, f.taken_at AS first_seen,
  coalesce(v.end_scan, h.removed_scan) AS end_scan, e.taken_at AS ended_at
FROM domain_version v
JOIN host h ON h.id = v.host_id
JOIN scope c ON c.id = h.scope_id
JOIN scan f ON f.id = v.first_scan
LEFT JOIN scan e ON e.id = coalesce(v.end_scan, h.removed_scan);

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
SELECT c.name, h.site, h.name, v.name, v.uuid, v.end_scan, s.taken_at, 'removed'
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
);

CREATE VIEW interface AS
SELECT c.name AS scope, h.site, h.name AS hypervisor, v.name AS domain, v.uuid, {columns}, v.first_scan,
  coalesce(v.end_scan, h.removed_scan) AS end_scan
FROM domain_version v
JOIN host h ON h.id = v.host_id
JOIN scope c ON c.id = h.scope_id
{join}
"""


def statements(dialect: str) -> tuple[str, ...]:
    """Return the statements of this step."""
    columns, join = interface_parts(dialect)
    bigint = "INTEGER" if dialect == "sqlite" else "BIGINT"
    text = _STATEMENTS.format(bigint=bigint, columns=columns, join=join)
    return tuple(part.strip() for part in text.split(";\n") if part.strip())
