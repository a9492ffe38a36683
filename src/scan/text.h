/*-------------------------------------------------------------------------
 *
 * text.h
 *	  Conversion of the API's UTF-8 to the database's encoding.
 *
 *-------------------------------------------------------------------------
 */
#ifndef CLF_TEXT_H
#define CLF_TEXT_H

typedef struct ClfEncoder ClfEncoder;

extern ClfEncoder *clf_encoder_create(void);
extern bool clf_encoder_accepts(const ClfEncoder *encoder, const char *text,
								size_t length);
extern char *clf_encode(const ClfEncoder *encoder, const char *text,
						size_t length);

#endif							/* CLF_TEXT_H */
