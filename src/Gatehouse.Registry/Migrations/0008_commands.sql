-- Orders to the members, carried out by each in the order of their numbers.
SET LOCAL ROLE gatehouse_owner;
SET LOCAL search_path = gatehouse, pg_catalog;

CREATE TABLE commands (
  number    bigint PRIMARY KEY,
  kind      text NOT NULL CHECK (kind ~ '^[a-z][a-z-]{0,62}$'),
  arguments jsonb NOT NULL CHECK (length(arguments::text) <= 65536),
  nodes     integer[] NOT NULL,
  by        text NOT NULL,
  at        timestamptz NOT NULL DEFAULT now(),
  deadline  timestamptz NOT NULL
);

CREATE TABLE command_results (
  command bigint NOT NULL REFERENCES commands,
  node    integer NOT NULL REFERENCES nodes,
  state   text NOT NULL CHECK (state IN ('done', 'failed', 'refused')),
  output  text NOT NULL CHECK (length(output) <= 65536),
  at      timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (command, node)
);

-- To the named nodes, or to all members of this moment when none is named. The lock makes numbers appear in their order:
-- a node that has seen number 8 will never find a 7 behind it.
CREATE FUNCTION issue_command(p_kind text, p_arguments jsonb, p_nodes integer[], p_deadline timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  latest bigint;
  asked integer;
  chosen integer[] := p_nodes;
BEGIN
  PERFORM own_node();
  LOCK TABLE commands IN SHARE ROW EXCLUSIVE MODE;
  FOREACH asked IN ARRAY p_nodes LOOP
    IF NOT EXISTS (SELECT FROM nodes WHERE number = asked AND state <> 'removed') THEN
      RAISE EXCEPTION USING ERRCODE = 'GH008', MESSAGE = format('there is no node %s in this cluster', asked);
    END IF;
  END LOOP;
  IF cardinality(p_nodes) = 0 THEN
    SELECT array_agg(number ORDER BY number) INTO chosen FROM nodes WHERE state <> 'removed';
  END IF;
  SELECT coalesce(max(number), 0) + 1 INTO latest FROM commands;
  INSERT INTO commands (number, kind, arguments, nodes, by, deadline) VALUES (latest, p_kind, p_arguments, chosen, session_user, p_deadline);
  PERFORM record_event('command.issued', format('command %s, %s', latest, p_kind));
  RETURN latest;
END $$;

-- The first result stays: a command is carried out once.
CREATE FUNCTION record_command_result(p_command bigint, p_state text, p_output text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, gatehouse, pg_temp
AS $$
DECLARE
  own integer := own_node();
BEGIN
  IF NOT EXISTS (SELECT FROM commands WHERE number = p_command AND own = ANY (nodes)) THEN
    RAISE EXCEPTION USING ERRCODE = 'GH008', MESSAGE = format('there is no command %s for node %s', p_command, own);
  END IF;
  INSERT INTO command_results (command, node, state, output) VALUES (p_command, own, p_state, p_output) ON CONFLICT DO NOTHING;
  RETURN FOUND;
END $$;

GRANT SELECT ON commands, command_results TO gatehouse_node;
GRANT EXECUTE ON FUNCTION issue_command(text, jsonb, integer[], timestamptz), record_command_result(bigint, text, text) TO gatehouse_node;
