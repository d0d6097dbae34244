#!/usr/bin/python3
# Written by gatehouse. Starts Patroni, with one thing changed. A primary that was held up for longer than its lease, with its host or by
# itself, would be given a new lease and put it on the leader's key whoever has that by now; what the new primary took meanwhile would be
# lost. Here a lease that has run out is a lock that is lost: the node steps down, and copies from the one that has it now.
import sys

from patroni.__main__ import main
from patroni.dcs import etcd3

refresh = etcd3.Etcd3._do_refresh_lease


# Forced is the renewal by the one that holds the lock, and no other.
def refresh_what_lives(self, force=False, retry=None):
    if force and self._lease and not self._client.lease_keepalive(self._lease, retry):
        self._lease = None
        raise etcd3.Etcd3Exception('the lease of the leader key has run out')
    return refresh(self, force, retry)


etcd3.Etcd3._do_refresh_lease = refresh_what_lives

if __name__ == '__main__':
    sys.exit(main())
