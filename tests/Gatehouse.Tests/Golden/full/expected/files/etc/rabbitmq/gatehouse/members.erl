%% Written by gatehouse. What is not of a member any more goes; each queue gets a copy on this node.
Members = [<<"gw2.example.org">>, <<"gw3.example.org">>, <<"gw1.example.org">>],
Who = <<"gatehouse">>,
There = rabbit_amqqueue:list(Who),
Names = [element(4, amqqueue:get_name(Q)) || Q <- There],
[rabbit_amqqueue:delete(Q, false, false, Who) || Q <- There, not lists:member(element(4, amqqueue:get_name(Q)), Members)],
[rabbit_auth_backend_internal:delete_user(U, Who) || [{user, U} | _] <- rabbit_auth_backend_internal:list_users(), not lists:member(U, Members)],
%% Also who was locked out below under the same name, and came back.
[erlang:set_cookie(N, erlang:get_cookie()) || N <- Nodes, N =/= node()],
Gone = [N || N <- rabbit_mnesia:cluster_nodes(all), IsGone(N)],
%% One that runs still, and may be in the hands of somebody else, cannot come back with another cookie. Its name may be another node's now.
[begin erlang:set_cookie(N, none), erlang:disconnect_node(N) end || N <- Gone, not lists:member(N, Nodes)],
Forgotten = [try rabbit_quorum_queue:shrink_all(N), rabbit_mnesia:forget_cluster_node(N, false) catch C:E -> {C, E} end || N <- Gone],
rabbit_quorum_queue:grow(node(), Who, <<".*">>, all),
Without = [M || M <- Members, not lists:member(M, [element(4, amqqueue:get_name(Q)) || Q <- rabbit_amqqueue:list(Who)])],
Here = rabbit_mnesia:cluster_nodes(all),
case {Without, [N || N <- Here, IsGone(N)], length(Nodes) > 1 andalso length(Here) =:= 1} of
  {[], [], false} ->
    ok = file:write_file(Lives ++ ".new", [io_lib:format("~p.~n", [Each]) || Each <- Now]),
    ok = file:rename(Lives ++ ".new", Lives),
    {settled, length(Members), length(Here)};
  Other -> {not_settled, Other, Names, Forgotten}
end.
