#include "line.h"

#include <signal.h>
#include <string.h>

#include "birth.h"

_Static_assert((int)START_TEXT_MAX == (int)BIRTH_TEXT_MAX,
               "a failure line is the text of the news");

static void ready(struct family *family, struct child *child) {
    child->ready = true;
    family_add_news(family, child, (struct pending){.kind = START_READY});
}

static void joined(struct family *family, struct child *child) {
    child->joined = true;
    family_add_news(family, child, (struct pending){.kind = START_JOINED});
    family_mute(family, child); /* no more lines are expected */
}

/* A wrong line. A node that is ready lives on; the kernel reports its end. */
static void wrong(struct family *family, struct child *child) {
    family_mute(family, child);
    if (!child->ready)
        child_signal(child, SIGKILL);
}

static void take(struct family *family, struct child *child, enum birth_news news) {
    if (news == BIRTH_READY && !child->ready)
        ready(family, child);
    else if (news == BIRTH_JOINED && child->ready)
        joined(family, child);
    else if (news == BIRTH_OVER)
        family_end_line(family, child);
    else
        wrong(family, child);
}

void line_take(struct family *family, struct child *child) {
    enum birth_news news;
    char text[START_TEXT_MAX];
    while (child->line == LINE_READ && (news = birth_read(child->birth, text)) != BIRTH_NOTHING) {
        if (news == BIRTH_FAILED && !child->ready)
            memcpy(child->text, text, sizeof text);
        take(family, child, news);
    }
}
