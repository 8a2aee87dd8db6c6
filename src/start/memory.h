/*
 * memory: a setting of the allocator for programs that handle messages of a megabyte.
 */
#ifndef BANYAN_MEMORY_H
#define BANYAN_MEMORY_H

/* Makes this process keep the memory that it frees, up to some hundred megabytes. Messages of a
 * megabyte come and go, and the kernel takes as long to clear their pages anew as a node takes to
 * fill them. A program calls it first; a library does not, because the setting is its host's. */
void memory_keep(void);

#endif
