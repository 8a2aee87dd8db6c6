/*
 * memory: a setting of the allocator for programs that handle messages of a megabyte.
 */
#ifndef BANYAN_MEMORY_H
#define BANYAN_MEMORY_H

/* Makes this process keep the memory that it frees, up to 256 MiB. Otherwise the kernel would clear
 * the pages of every new message of a megabyte, which takes as long as filling them. To be called
 * first, by a program only: a library must not change the allocator of the embedding program. */
void memory_keep(void);

#endif
