%% Written by gatehouse. Whether this node can go on with the queue it has. It cannot where it waits for a majority that no members are
%% any more, 'lost'; nor where the others did not take it when it first came, and it began one of its own, 'alone'.
Nodes = ['rabbit@gw2.example.org', 'rabbit@gw3.example.org', 'rabbit@gw1.example.org'],
Known = rabbit_mnesia:cluster_nodes(all),
Gone = [N || N <- Known, not lists:member(N, Nodes)],
case {rabbit:is_running(), Known} of
  {false, _} when 2 * length(Gone) >= length(Known) -> lost;
  {true, [_]} when length(Nodes) > 1 -> alone;
  _ -> fine
end.
