-- The cluster, its nodes, and the certificates they show each other.
SET LOCAL ROLE gatehouse_owner;
SET LOCAL search_path = gatehouse, pg_catalog;

CREATE TABLE cluster (
  one       boolean PRIMARY KEY DEFAULT true CHECK (one),
  id        text NOT NULL CHECK (id ~ '^[0-9a-f]{32}$'),
  name      text NOT NULL CHECK (name <> ''),
  epoch     bigint NOT NULL DEFAULT 1,
  issuer    integer NOT NULL DEFAULT 1,
  last_node integer NOT NULL DEFAULT 0,
  created   timestamptz NOT NULL DEFAULT now(),
  -- SHA-256 of what the master token proves itself with when a node is promoted.
  promotion bytea NOT NULL CHECK (octet_length(promotion) = 32)
);

-- A name is the name of a login too, so it is no longer than PostgreSQL's names are.
CREATE TABLE nodes (
  number   integer PRIMARY KEY,
  name     text NOT NULL CHECK (length(name) <= 63 AND name ~ '^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$'),
  address  inet NOT NULL CHECK (address = host(address)::inet),
  port     integer NOT NULL CHECK (port BETWEEN 1 AND 65535),
  profile  text NOT NULL CHECK (profile ~ '^[a-z]+$'),
  location text NOT NULL CHECK (length(location) <= 200),
  state    text NOT NULL CHECK (state IN ('joining', 'active', 'leaving', 'removed')),
  answers  text NOT NULL DEFAULT '' CHECK (length(answers) <= 1048576),
  joined   timestamptz NOT NULL DEFAULT now(),
  removed  timestamptz CHECK ((removed IS NOT NULL) = (state = 'removed'))
);
CREATE UNIQUE INDEX nodes_name ON nodes (name) WHERE state <> 'removed';
CREATE UNIQUE INDEX nodes_address ON nodes (address) WHERE state <> 'removed';

-- Certificate authorities; a root's private key only as the master token sealed it.
CREATE TABLE authorities (
  fingerprint text PRIMARY KEY CHECK (fingerprint ~ '^[0-9a-f]{64}$'),
  kind        text NOT NULL CHECK (kind IN ('root', 'issuing')),
  state       text NOT NULL CHECK (state IN ('current', 'next', 'retired')),
  pem         text NOT NULL CHECK (length(pem) <= 65536),
  sealed_key  text CHECK (sealed_key IS NULL OR (length(sealed_key) <= 65536 AND kind = 'root')),
  added       timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX authorities_current ON authorities (kind) WHERE state = 'current';

CREATE TABLE certificates (
  serial     text PRIMARY KEY CHECK (serial ~ '^[0-9a-f]{1,40}$'),
  node       integer NOT NULL REFERENCES nodes,
  key_hash   text NOT NULL CHECK (key_hash ~ '^[0-9a-f]{64}$'),
  pem        text NOT NULL CHECK (length(pem) <= 65536),
  not_before timestamptz NOT NULL,
  not_after  timestamptz NOT NULL CHECK (not_after > not_before),
  revoked    timestamptz,
  why        text NOT NULL DEFAULT ''
);
CREATE INDEX certificates_node ON certificates (node);

CREATE TABLE revocation_lists (
  authority text PRIMARY KEY REFERENCES authorities,
  number    bigint NOT NULL,
  pem       text NOT NULL CHECK (length(pem) <= 16777216),
  at        timestamptz NOT NULL DEFAULT now()
);

-- What changes by the second is kept apart from what changes by the month: a heartbeat wakes nobody.
CREATE TABLE heartbeats (
  node             integer PRIMARY KEY REFERENCES nodes,
  at               timestamptz,
  release          text NOT NULL DEFAULT '' CHECK (length(release) <= 100),
  settings_version bigint NOT NULL DEFAULT 0,
  status           jsonb NOT NULL DEFAULT '{}' CHECK (length(status::text) <= 65536)
);

GRANT SELECT (id, name, epoch, issuer, created) ON cluster TO gatehouse_node;
GRANT SELECT ON nodes, authorities, certificates, revocation_lists, heartbeats TO gatehouse_node;
