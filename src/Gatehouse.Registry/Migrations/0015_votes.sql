-- Which database nodes have their vote about who takes writes, as each says of itself: what is to be known of that when etcd cannot be asked.
SET LOCAL ROLE gatehouse_owner;
SET LOCAL search_path = gatehouse, pg_catalog;

ALTER TABLE nodes ADD COLUMN votes_since timestamptz;

CREATE FUNCTION set_vote(p_votes boolean) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  n nodes := member_row(own_node());
BEGIN
  IF (n.votes_since IS NOT NULL) = p_votes THEN
    RETURN false;
  END IF;
  UPDATE nodes SET votes_since = CASE WHEN p_votes THEN clock_timestamp() END WHERE number = n.number;
  PERFORM record_event('node.vote', format('node %s (%s) %s', n.number, n.name, CASE WHEN p_votes THEN 'votes' ELSE 'votes no more' END));
  RETURN true;
END $$;

GRANT EXECUTE ON FUNCTION set_vote(boolean) TO gatehouse_node;
