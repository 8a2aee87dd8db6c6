/*
 * place: where sockets are. The two sockets of a node are in the directory of its controller, named
 * by the node's serial: DIRECTORY/17.req and DIRECTORY/17.srv. The node's address is the common
 * part, as a URL: ipc://DIRECTORY/17.
 *
 * Only sockets with such names, in a directory of this user, are removed, because other programs
 * may keep files there.
 *
 * Any thread.
 */
#ifndef BANYAN_PLACE_H
#define BANYAN_PLACE_H

#include "net.h"
#include "wire/wire.h"

/* Bytes of the longest name of a socket, with its slash: a serial and ".req". */
enum { PLACE_NAME_MAX = 25 };

/* Makes the address of a node. False: too long. */
bool place_address(const char *directory, uint64_t serial, char address[WIRE_ADDRESS_MAX]);

/* Makes the URL of one socket of the node at an address. False: too long. The check is needed
 * because nng dials too long a path for ever, without an error. */
bool place_url(const char *address, enum net_kind kind, char url[NET_URL_MAX]);

/* Whether a socket may listen at a URL. False after the node has ended, because its sockets are
 * removed then. */
bool place_listens(const char *url);

/* Removes the sockets of the node at an address, if any. */
void place_unlink(const char *address);

/* Opens a directory of this user, relative to an open directory, or AT_FDCWD. -1: it cannot be
 * opened, is another user's, or is a symbolic link. */
int place_open(int above, const char *directory);

/* Removes the sockets of all nodes in an open directory, which stays open. */
void place_empty(int directory);

/* Removes the sockets of all nodes in a directory, and the directory if nothing else is in it. */
void place_remove(const char *directory);

/* The same for the directory of the node at an address. */
void place_remove_around(const char *address);

#endif
