%% Written by gatehouse. The nodes of the queue and the number of each. A host that is set up anew under its old name has another number: to
%% the queue it is another node, and what the old one had is lost with it. Which numbers the queue knows, it notes when it has settled.
Lives = "/var/lib/rabbitmq/gatehouse-lives",
Now = [{'rabbit@gw2.example.org', 0 }, {'rabbit@gw3.example.org', 0 }, {'rabbit@gw1.example.org', 1 }],
Nodes = [N || {N, _} <- Now],
Then = case file:consult(Lives) of {ok, Noted} -> Noted; _ -> [] end,
LifeOf = fun(N) -> proplists:get_value(N, Then, unknown) end,
%% It joined since that was noted: it runs, has this number, and has the same queue.
IsThere = fun(N, Life) ->
  case rpc:call(N, file, read_file, ["/var/lib/rabbitmq/gatehouse-node"], 5000) of
    {ok, Text} ->
      lists:suffix([integer_to_list(Life)], string:lexemes(binary_to_list(Text), " \n")) andalso
        case rpc:call(N, rabbit_mnesia, cluster_nodes, [all], 5000) of Theirs when is_list(Theirs) -> lists:member(node(), Theirs); _ -> false end;
    _ -> false
  end
end,
IsGone = fun(N) ->
  case {proplists:get_value(N, Now, none), LifeOf(N)} of
    {none, _} -> true;
    {_, unknown} -> false;
    {Life, Life} -> false;
    {Life, _} -> N =/= node() andalso not IsThere(N, Life)
  end
end,
