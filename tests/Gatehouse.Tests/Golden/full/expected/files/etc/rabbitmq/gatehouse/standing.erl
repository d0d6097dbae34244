%% Written by gatehouse. Whether this node can go on with the queue it has. It cannot where it waits for a majority that is on no list any
%% more: 'lost', and which they are, with their numbers where those were noted. Nor where the others have a queue without it, because they did not take it when it first came: 'alone'.
Known = rabbit_mnesia:cluster_nodes(all),
Gone = [N || N <- Known, IsGone(N)],
HasOther = fun(N) ->
  rpc:call(N, rabbit, is_running, [], 5000) =:= true andalso
    case rpc:call(N, rabbit_mnesia, cluster_nodes, [all], 5000) of Theirs when is_list(Theirs) -> not lists:member(node(), Theirs); _ -> false end
end,
case {rabbit:is_running(), Known} of
  {false, _} when 2 * length(Gone) >= length(Known) -> {lost, [{N, LifeOf(N)} || N <- Gone]};
  {true, [_]} -> case lists:any(HasOther, Nodes -- [node()]) of true -> alone; false -> fine end;
  _ -> fine
end.
