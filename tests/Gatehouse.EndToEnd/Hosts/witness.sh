#!/bin/sh
# Looks at a registry from a member that nothing happens to, once a second until it is ended:
#   acked   a line "NUMBER" for each write that was acknowledged, by the list of all database nodes
#   wrote   a line "SECOND ADDRESS" for each node that itself took a write in that second
#   gaps    a line "SECOND" for each second in which no write was acknowledged
# witness.sh NAME ADDRESS...
name=$1
shift
pki=/etc/gatehouse/pki
options="dbname=gatehouse user=$name sslmode=verify-full sslrootcert=$pki/cluster-ca.pem sslcert=$pki/node.crt sslkey=$pki/node.key"
all=$(echo "$*" | tr ' ' ,)
export PGCONNECT_TIMEOUT=2
# The program itself: what /usr/bin/psql does before it starts this one costs more than all the rest.
psql=$(find /usr/lib/postgresql -path "*/bin/psql" | sort -V | tail -1)
cd /root/witness || exit 1
n=0
while :; do
  n=$((n + 1))
  {
    if timeout 5 "$psql" -XAtqw "host=$all target_session_attrs=read-write $options" \
      -c "INSERT INTO public.probe VALUES ($n)" >/dev/null 2>&1; then
      echo $n >>acked
    else
      echo $n >>gaps
    fi
  } &
  for address; do
    {
      timeout 5 "$psql" -XAtqw "host=$address $options" -c "INSERT INTO public.direct VALUES ($n, '$address')" >/dev/null 2>&1 &&
        echo "$n $address" >>wrote
    } &
  done
  sleep 1
done
