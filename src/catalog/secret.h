/*-------------------------------------------------------------------------
 *
 * secret.h
 *	  Memory for secrets, and files containing secrets.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_SECRET_H
#define CLF_SECRET_H

extern void *clf_secret_alloc(size_t size);
extern char *clf_secret_read_file(const char *option, const char *path);
extern bool clf_is_secret_text(const char *text);

#endif							/* CLF_SECRET_H */
