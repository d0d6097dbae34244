-- A node that changes its address is known by both for a while: connections that still come from the old one are let in, and
-- nobody is cut off while the members learn of the new one.
SET LOCAL ROLE gatehouse_owner;
SET LOCAL search_path = gatehouse, pg_catalog;

ALTER TABLE nodes ADD COLUMN former inet CHECK (former = host(former)::inet), ADD COLUMN moved timestamptz;

CREATE OR REPLACE FUNCTION change_place(p_node integer, p_address inet, p_port integer, p_location text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  n nodes := member_row(p_node);
BEGIN
  PERFORM refuse_taken(p_node, n.name, p_address);
  IF (n.address, n.port, n.location) IS NOT DISTINCT FROM (p_address, p_port, p_location) THEN
    RETURN;
  END IF;
  UPDATE nodes SET address = p_address, port = p_port, location = p_location,
    former = CASE WHEN n.address = p_address THEN n.former ELSE n.address END,
    moved = CASE WHEN n.address = p_address THEN n.moved ELSE now() END
  WHERE number = p_node;
  PERFORM record_event('node.moved', format('node %s (%s): %s port %s, %s', n.number, n.name, host(p_address), p_port, coalesce(nullif(p_location, ''), 'no location')));
END $$;
