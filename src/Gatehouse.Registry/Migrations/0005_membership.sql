-- How a cluster begins, how nodes come, change and go, and how the issuer's duty moves.
SET LOCAL ROLE gatehouse_owner;
SET LOCAL search_path = gatehouse, pg_catalog;

-- Of the bootstrap alone, as are all functions that are granted to nobody.
CREATE FUNCTION start_cluster(p_id text, p_name text, p_promotion bytea) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  c cluster;
BEGIN
  LOCK TABLE cluster IN SHARE ROW EXCLUSIVE MODE;
  SELECT * INTO c FROM cluster;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'GH005', MESSAGE = format(
      'this database already holds the cluster %s (%s), started on %s; join it, or remove the database first', c.name, c.id, to_char(c.created AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'));
  END IF;
  INSERT INTO cluster (id, name, promotion) VALUES (p_id, p_name, p_promotion);
  PERFORM record_event('cluster.started', format('%s (%s)', p_name, p_id));
END $$;

-- Says which node is in the way before a unique index only says that one is.
CREATE FUNCTION refuse_taken(p_number integer, p_name text, p_address inet) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  n nodes;
BEGIN
  SELECT * INTO n FROM nodes WHERE name = p_name AND state <> 'removed' AND number <> p_number;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'GH003', MESSAGE = format(
      'the name %s belongs to node %s (%s, %s); if that host is gone or was set up anew, remove it first: gatehouse node remove %s', p_name, n.number, host(n.address), n.state, p_name);
  END IF;
  SELECT * INTO n FROM nodes WHERE address = p_address AND state <> 'removed' AND number <> p_number;
  IF FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'GH004', MESSAGE = format(
      'the address %s belongs to node %s (%s, %s); give the new one another address, or remove that node first', host(p_address), n.number, n.name, n.state);
  END IF;
END $$;

CREATE FUNCTION add_node(p_epoch bigint, p_name text, p_address inet, p_port integer, p_profile text, p_location text, p_state text) RETURNS integer
LANGUAGE plpgsql SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  c cluster := act_by(p_epoch);
BEGIN
  PERFORM refuse_taken(0, p_name, p_address);
  UPDATE cluster SET last_node = c.last_node + 1;
  INSERT INTO nodes (number, name, address, port, profile, location, state)
  VALUES (c.last_node + 1, p_name, p_address, p_port, p_profile, p_location, p_state);
  INSERT INTO heartbeats (node) VALUES (c.last_node + 1);
  PERFORM make_login(p_name);
  RETURN c.last_node + 1;
END $$;

CREATE FUNCTION add_certificate(p_epoch bigint, p_node integer, p_serial text, p_key_hash text, p_pem text, p_not_before timestamptz, p_not_after timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  n nodes;
BEGIN
  PERFORM act_by(p_epoch);
  n := member_row(p_node);
  INSERT INTO certificates (serial, node, key_hash, pem, not_before, not_after) VALUES (p_serial, p_node, p_key_hash, p_pem, p_not_before, p_not_after);
  PERFORM record_event('certificate.issued', format('node %s (%s), serial %s, until %s', n.number, n.name, p_serial, to_char(p_not_after AT TIME ZONE 'UTC', 'YYYY-MM-DD')));
END $$;

CREATE FUNCTION revoke_certificate(p_epoch bigint, p_serial text, p_why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
BEGIN
  PERFORM act_by(p_epoch);
  UPDATE certificates SET revoked = now(), why = p_why WHERE serial = p_serial AND revoked IS NULL;
  IF FOUND THEN
    PERFORM record_event('certificate.revoked', format('serial %s: %s', p_serial, p_why));
    RETURN true;
  ELSIF NOT EXISTS (SELECT FROM certificates WHERE serial = p_serial) THEN
    RAISE EXCEPTION USING ERRCODE = 'GH008', MESSAGE = format('this cluster has no certificate with the serial number %s', p_serial);
  END IF;
  RETURN false;
END $$;

CREATE FUNCTION activate_node(p_epoch bigint, p_node integer) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  n nodes;
BEGIN
  PERFORM act_by(p_epoch);
  n := member_row(p_node);
  IF n.state = 'active' THEN
    RETURN false;
  END IF;
  UPDATE nodes SET state = 'active' WHERE number = p_node;
  PERFORM record_event('node.active', format('node %s (%s)', n.number, n.name));
  RETURN true;
END $$;

-- False when it was gone already. Codes for its name go too, or somebody could come back by an old one.
CREATE FUNCTION remove_node(p_epoch bigint, p_node integer, p_why text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  c cluster := act_by(p_epoch);
  n nodes;
BEGIN
  IF EXISTS (SELECT FROM nodes WHERE number = p_node AND state = 'removed') THEN
    RETURN false;
  END IF;
  n := member_row(p_node);
  IF n.number = c.issuer THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format(
      'node %s (%s) is the issuer of this cluster; promote another one first: gatehouse promote', n.number, n.name);
  END IF;
  UPDATE nodes SET state = 'removed', removed = now() WHERE number = p_node;
  UPDATE certificates SET revoked = now(), why = 'the node was removed' WHERE node = p_node AND revoked IS NULL;
  UPDATE codes SET ended = now(), why = 'the node was removed' WHERE node_name = n.name AND used IS NULL AND ended IS NULL;
  PERFORM drop_login(n.name);
  PERFORM record_event('node.removed', format('node %s (%s): %s', n.number, n.name, p_why));
  RETURN true;
END $$;

CREATE FUNCTION change_place(p_node integer, p_address inet, p_port integer, p_location text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  n nodes := member_row(p_node);
BEGIN
  PERFORM refuse_taken(p_node, n.name, p_address);
  IF (n.address, n.port, n.location) IS NOT DISTINCT FROM (p_address, p_port, p_location) THEN
    RETURN;
  END IF;
  UPDATE nodes SET address = p_address, port = p_port, location = p_location WHERE number = p_node;
  PERFORM record_event('node.moved', format('node %s (%s): %s port %s, %s', n.number, n.name, host(p_address), p_port, coalesce(nullif(p_location, ''), 'no location')));
END $$;

-- What a node may say of itself, and what the issuer may say of any.
CREATE FUNCTION move_self(p_address inet, p_port integer, p_location text) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$ SELECT change_place(own_node(), p_address, p_port, p_location) $$;

CREATE FUNCTION move_node(p_epoch bigint, p_node integer, p_address inet, p_port integer, p_location text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
BEGIN
  PERFORM act_by(p_epoch);
  PERFORM change_place(p_node, p_address, p_port, p_location);
END $$;

CREATE FUNCTION answer_self(p_answers text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  n nodes := member_row(own_node());
BEGIN
  IF n.answers IS DISTINCT FROM p_answers THEN
    UPDATE nodes SET answers = p_answers WHERE number = n.number;
    PERFORM record_event('node.answered', format('node %s (%s)', n.number, n.name));
  END IF;
END $$;

CREATE FUNCTION leave_self() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  n nodes := member_row(own_node());
BEGIN
  IF n.number = (SELECT issuer FROM cluster) THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format(
      'node %s (%s) is the issuer of this cluster; promote another one first: gatehouse promote', n.number, n.name);
  END IF;
  IF n.state <> 'leaving' THEN
    UPDATE nodes SET state = 'leaving' WHERE number = n.number;
    PERFORM record_event('node.leaving', format('node %s (%s)', n.number, n.name));
  END IF;
END $$;

CREATE FUNCTION heartbeat_self(p_release text, p_settings_version bigint, p_status jsonb) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
  UPDATE heartbeats SET at = clock_timestamp(), release = p_release, settings_version = p_settings_version, status = p_status
  WHERE node = own_node()
$$;

CREATE FUNCTION add_authority(p_epoch bigint, p_fingerprint text, p_kind text, p_state text, p_pem text, p_sealed_key text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
BEGIN
  PERFORM act_by(p_epoch);
  IF p_state = 'current' THEN
    UPDATE authorities SET state = 'retired' WHERE kind = p_kind AND state = 'current' AND fingerprint <> p_fingerprint;
  END IF;
  INSERT INTO authorities (fingerprint, kind, state, pem, sealed_key) VALUES (p_fingerprint, p_kind, p_state, p_pem, p_sealed_key);
  PERFORM record_event('authority.added', format('%s %s, %s', p_kind, p_fingerprint, p_state));
END $$;

-- The one that was current retires, but for a root: members trust both until the old one is retired by name.
CREATE FUNCTION change_authority(p_epoch bigint, p_fingerprint text, p_state text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  a authorities;
BEGIN
  PERFORM act_by(p_epoch);
  SELECT * INTO a FROM authorities WHERE fingerprint = p_fingerprint;
  IF NOT FOUND THEN
    RAISE EXCEPTION USING ERRCODE = 'GH008', MESSAGE = format('this cluster has no certificate authority %s', p_fingerprint);
  ELSIF a.state = p_state THEN
    RETURN;
  ELSIF a.state = 'current' THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('the %s authority %s is in use; make another one current instead', a.kind, p_fingerprint);
  END IF;
  IF p_state = 'current' THEN
    UPDATE authorities SET state = CASE kind WHEN 'root' THEN 'next' ELSE 'retired' END WHERE kind = a.kind AND state = 'current';
  END IF;
  UPDATE authorities SET state = p_state WHERE fingerprint = p_fingerprint;
  PERFORM record_event('authority.changed', format('%s %s, %s', a.kind, p_fingerprint, p_state));
END $$;

CREATE FUNCTION put_revocation_list(p_epoch bigint, p_authority text, p_number bigint, p_pem text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  latest bigint;
BEGIN
  PERFORM act_by(p_epoch);
  SELECT number INTO latest FROM revocation_lists WHERE authority = p_authority;
  IF p_number <= latest THEN
    RAISE EXCEPTION USING ERRCODE = 'GH002', MESSAGE = format('revocation list %s is not newer than %s, which the registry has; make it again with a higher number', p_number, latest);
  END IF;
  INSERT INTO revocation_lists (authority, number, pem) VALUES (p_authority, p_number, p_pem)
  ON CONFLICT (authority) DO UPDATE SET number = excluded.number, pem = excluded.pem, at = now();
END $$;

-- Any member may be promoted by who has the master token: the registry knows the hash of what the token proves itself
-- with, so a member without the token has nothing to show. The issuer's rights move with the duty.
CREATE FUNCTION promote(p_epoch bigint, p_node integer, p_proof bytea, p_fingerprint text, p_pem text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  c cluster := act_by(p_epoch);
  n nodes := member_row(p_node);
  before text := node_name(c.issuer);
BEGIN
  IF sha256(p_proof) <> c.promotion THEN
    RAISE EXCEPTION USING ERRCODE = 'GH010', MESSAGE = 'this is not the master token of this cluster';
  ELSIF n.state <> 'active' THEN
    RAISE EXCEPTION USING ERRCODE = 'GH009', MESSAGE = format('node %s (%s) is %s; only an active node can be promoted', n.number, n.name, n.state);
  END IF;
  UPDATE cluster SET epoch = c.epoch + 1, issuer = p_node;
  UPDATE authorities SET state = 'retired' WHERE kind = 'issuing' AND state = 'current';
  INSERT INTO authorities (fingerprint, kind, state, pem) VALUES (p_fingerprint, 'issuing', 'current', p_pem);
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = before) THEN
    EXECUTE format('REVOKE gatehouse_issuer FROM %I', before);
  END IF;
  EXECUTE format('GRANT gatehouse_issuer TO %I', n.name);
  PERFORM record_event('cluster.promoted', format('epoch %s: node %s (%s) after %s, issuing authority %s', c.epoch + 1, n.number, n.name, before, p_fingerprint));
  RETURN c.epoch + 1;
END $$;

-- The first node: a member, and the issuer.
CREATE FUNCTION first_node(p_name text, p_address inet, p_port integer, p_profile text, p_location text) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  first integer := add_node(1, p_name, p_address, p_port, p_profile, p_location, 'active');
BEGIN
  UPDATE cluster SET issuer = first;
  EXECUTE format('GRANT gatehouse_issuer TO %I', p_name);
  PERFORM record_event('node.active', format('node %s (%s), %s, the first', first, p_name, p_profile));
  RETURN first;
END $$;

GRANT EXECUTE ON FUNCTION move_self(inet, integer, text), answer_self(text), leave_self(), heartbeat_self(text, bigint, jsonb),
  promote(bigint, integer, bytea, text, text) TO gatehouse_node;
GRANT EXECUTE ON FUNCTION add_certificate(bigint, integer, text, text, text, timestamptz, timestamptz), revoke_certificate(bigint, text, text),
  activate_node(bigint, integer), remove_node(bigint, integer, text), move_node(bigint, integer, inet, integer, text),
  add_authority(bigint, text, text, text, text, text), change_authority(bigint, text, text), put_revocation_list(bigint, text, bigint, text) TO gatehouse_issuer;
