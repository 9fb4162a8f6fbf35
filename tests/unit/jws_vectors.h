/*
 * Signed messages that are not ours: RFC 7515 A.2 and A.3, RFC 8037 A, and some made
 * with Python's cryptography, {"a":1} signed for https://ca.example/acme/new-order.
 */
#ifndef TESTS_UNIT_JWS_VECTORS_H
#define TESTS_UNIT_JWS_VECTORS_H

#define MADE_ES256 \
	"{\"protected\":\"eyJhbGciOiJFUzI1NiIsImp3ayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6IkFkd0" \
	"xETTN0WUFiTWR2bzNnU1htcG9vaUhkZktfWXo5OEdrNHpwX0hoZ2ciLCJ5IjoiNkh6ay1kUlJlcnUyN3RsVG5jN1" \
	"kyQU5GOUVwWllDR2t5VDcxeUZHX0M1ZyJ9LCJub25jZSI6ImJtOXVZMlUiLCJ1cmwiOiJodHRwczovL2NhLmV4YW" \
	"1wbGUvYWNtZS9uZXctb3JkZXIifQ\",\"payload\":\"eyJhIjoxfQ\",\"signature\":\"Ew--1zuoCHDxd3yOg_GMsb" \
	"4hIcyNCjAP3uDy6IEOqpJu6e_JYE0_mfA_oZlNfPHQrE9oRkjr0WqT11hTMC6P4g\"}"

#define MADE_ES384 \
	"{\"protected\":\"eyJhbGciOiJFUzM4NCIsImp3ayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMzg0IiwieCI6Ik5hR3" \
	"BXUFBtT0t3cVVBaDVTNFlndF9JdFVfbEl2MUlRZlB6T0M0dzhrQjVfdnFmakxiVlRWVmcxWlJHYTg5RXgiLCJ5Ij" \
	"oiei1sbzZJVzd5ZVg2Ukh2ZGNRZVJKWnN4TTFZbE1YZ0ZOX1hfa0ZFZmtUcDJ2RFRJOFhJTWVVYWVJTm93TkU1Ri" \
	"J9LCJub25jZSI6ImJtOXVZMlUiLCJ1cmwiOiJodHRwczovL2NhLmV4YW1wbGUvYWNtZS9uZXctb3JkZXIifQ\",\"p" \
	"ayload\":\"eyJhIjoxfQ\",\"signature\":\"FxvFztGfS-vptcCi686My0abNR7FIk1trqt1PJlti4vg4SG2JUSwwu" \
	"bMsnn-M8SyOPg8u8VGA_aAsoJLQWW3r9dbY33faUZk-AOAerYgHch1zN30jxJwLtuZRVKJm4fd\"}"

#define MADE_RS256 \
	"{\"protected\":\"eyJhbGciOiJSUzI1NiIsImp3ayI6eyJrdHkiOiJSU0EiLCJuIjoiNWI3bWdvckw0ajN4SC1fMT" \
	"N3WGdFZ0JBNkpGTE1TaGJDWElYcnE1T1JGS0dVRUlmY2tPMzN5MVAxMDZFNlV5M2VaUVc5N1RILWs5MUphbi01Ym" \
	"pKYmRMTFJMMlZyZWlKRFhwTmdxek1nY1dEQ0I3WlVYMTNRN2tBUi1CNFRNVlZNWFJjZ3RpUnZqOG9IS2VWdVNDZX" \
	"ZLTjNiS1BPWDEyU19kbUpoNmZzR0tGekd6YUpzRWNRUXd0a0x0QUJvNVlOQ2tkYUIta3d2ZGVHWEQ5bEFRNExWRV" \
	"ZodHhiWmlYWkRPdTBmYlVUWWpXdFVHbWFvVzRVWHVjWW5QZkFWYkpEcTlVMDNqeVVWTGlNci1Xa3VKSHA5ZS1FUn" \
	"dnRnRvVG11Wjk3ZGRfeWlXRHdfcGp5bkdaS2QxWDJ1RF9sYUNuVUdRNFhiNHFlNFZRR09Oa2pfcEhlTkV3IiwiZS" \
	"I6IkFRQUIifSwibm9uY2UiOiJibTl1WTJVIiwidXJsIjoiaHR0cHM6Ly9jYS5leGFtcGxlL2FjbWUvbmV3LW9yZG" \
	"VyIn0\",\"payload\":\"eyJhIjoxfQ\",\"signature\":\"kDELOKBiGUM1Fmnn_5105_hkBSPuyYhfdJwVo2cvbz6MO" \
	"D3jeE6jz2e3gkpV51W1iiR1EpY5myj4n7uj0vyj65ojf1bpQqEQ2I_o_sVeHPtjMcETfWUec0o_HpP7-ima0Lss-" \
	"D_2sRUkiJdi6dFXKXY-5px3ibyLuKwxNdLq9Bj7zyubs1_6Rgn0bqy_7QegiI7-NuqFGpIjF2lHPKRXEd66dKdvr" \
	"-FGQx72fZP4RlYWu9pZK344uoqoJ0NS6BzzICAVdGPtEl_Xz8WhqMcCegp-Fg_73-G80oSwvAsLuxB75hZnCxwA4" \
	"IdDvIGltcUZEUqOcSK8bztdHAAjqok1wQ\"}"

#define MADE_PS256 \
	"{\"protected\":\"eyJhbGciOiJQUzI1NiIsImp3ayI6eyJrdHkiOiJSU0EiLCJuIjoiNWI3bWdvckw0ajN4SC1fMT" \
	"N3WGdFZ0JBNkpGTE1TaGJDWElYcnE1T1JGS0dVRUlmY2tPMzN5MVAxMDZFNlV5M2VaUVc5N1RILWs5MUphbi01Ym" \
	"pKYmRMTFJMMlZyZWlKRFhwTmdxek1nY1dEQ0I3WlVYMTNRN2tBUi1CNFRNVlZNWFJjZ3RpUnZqOG9IS2VWdVNDZX" \
	"ZLTjNiS1BPWDEyU19kbUpoNmZzR0tGekd6YUpzRWNRUXd0a0x0QUJvNVlOQ2tkYUIta3d2ZGVHWEQ5bEFRNExWRV" \
	"ZodHhiWmlYWkRPdTBmYlVUWWpXdFVHbWFvVzRVWHVjWW5QZkFWYkpEcTlVMDNqeVVWTGlNci1Xa3VKSHA5ZS1FUn" \
	"dnRnRvVG11Wjk3ZGRfeWlXRHdfcGp5bkdaS2QxWDJ1RF9sYUNuVUdRNFhiNHFlNFZRR09Oa2pfcEhlTkV3IiwiZS" \
	"I6IkFRQUIifSwibm9uY2UiOiJibTl1WTJVIiwidXJsIjoiaHR0cHM6Ly9jYS5leGFtcGxlL2FjbWUvbmV3LW9yZG" \
	"VyIn0\",\"payload\":\"eyJhIjoxfQ\",\"signature\":\"cc_Cw0xPsHqOIehV4TrfWhbCd-y5v4LRw3UrofClxBKto" \
	"mD9yV_kRwc7eJVGlMvzp_kN1cr-ZPj9NzwnSaWBzmAxafhSG38VR_QWP7sTz-V_RdqvUf1E3pPWptP4lUcp39gfL" \
	"zoU01I8Mv6bhnVafDvtIRAlk3sq-VAExbt0JPlcURtIIpfuL0x9VDa-j4971BbOEg1bJXpxnHXtrYXpGsdhLODwF" \
	"5A0TflbVHC_5L9o5j5_O0xMBbaBO6wZokZKfo66JhR3W0WBkfNkp5gEwxo6-DCO9TY-tHG9XQFedeZDofY8cLCtD" \
	"jpNY0qCQw_UzvfrUtZegC4IOTJscLQMJg\"}"

#define MADE_EDDSA \
	"{\"protected\":\"eyJhbGciOiJFZERTQSIsImp3ayI6eyJrdHkiOiJPS1AiLCJjcnYiOiJFZDI1NTE5IiwieCI6In" \
	"JSNVBtYWI2alRrTTlyVG5xTzFqYnN4QWJKMXpDY2ZEMEhDM0dkc2hOZXcifSwibm9uY2UiOiJibTl1WTJVIiwidX" \
	"JsIjoiaHR0cHM6Ly9jYS5leGFtcGxlL2FjbWUvbmV3LW9yZGVyIn0\",\"payload\":\"eyJhIjoxfQ\",\"signature" \
	"\":\"vU94Djv_okqmf4cCkCbyMt_cGwLQpzWKXR7GyT8VZvxVhdDnhACuRxBD9DUVwSq1UZA4rujidiHSGlM1VzXDD" \
	"Q\"}"

#define MADE_KID \
	"{\"protected\":\"eyJhbGciOiJFUzI1NiIsImtpZCI6Imh0dHBzOi8vY2EuZXhhbXBsZS9hY21lL2FjY291bnQvMS" \
	"IsIm5vbmNlIjoiYm05dVkyVSIsInVybCI6Imh0dHBzOi8vY2EuZXhhbXBsZS9hY21lL25ldy1vcmRlciJ9\",\"pay" \
	"load\":\"\",\"signature\":\"iJmatIgJc2n11q0J2jdanoJZGaORG7SGSdjfumFjfmiWfmLrEgLs4qGXNahoLJBYwK" \
	"KHvhz0nkmmkE_lCofvgQ\"}"

#define MADE_KID_JWK \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AdwLDM3tYAbMdvo3gSXmpooiHdfK_Yz98Gk4zp_Hhgg\",\"y\":\"6Hzk-dR" \
	"Reru27tlTnc7Y2ANF9EpZYCGkyT71yFG_C5g\"}"

#define MADE_JWK_384 \
	"{\"kty\":\"EC\",\"crv\":\"P-384\",\"x\":\"NaGpWPPmOKwqUAh5S4Ygt_ItU_lIv1IQfPzOC4w8kB5_vqfjLbVTVVg1Z" \
	"RGa89Ex\",\"y\":\"z-lo6IW7yeX6RHvdcQeRJZsxM1YlMXgFN_X_kFEfkTp2vDTI8XIMeUaeINowNE5F\"}"

#define MADE_JWK_RSA \
	"{\"kty\":\"RSA\",\"n\":\"5b7mgorL4j3xH-_13wXgEgBA6JFLMShbCXIXrq5ORFKGUEIfckO33y1P106E6Uy3eZQW97" \
	"TH-k91Jan-5bjJbdLLRL2VreiJDXpNgqzMgcWDCB7ZUX13Q7kAR-B4TMVVMXRcgtiRvj8oHKeVuSCevKN3bKPOX1" \
	"2S_dmJh6fsGKFzGzaJsEcQQwtkLtABo5YNCkdaB-kwvdeGXD9lAQ4LVEVhtxbZiXZDOu0fbUTYjWtUGmaoW4UXuc" \
	"YnPfAVbJDq9U03jyUVLiMr-WkuJHp9e-ERwgFtoTmuZ97dd_yiWDw_pjynGZKd1X2uD_laCnUGQ4Xb4qe4VQGONk" \
	"j_pHeNEw\",\"e\":\"AQAB\"}"

#define MADE_JWK_ED \
	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"rR5Pmab6jTkM9rTnqO1jbsxAbJ1zCcfD0HC3GdshNew\"}"

#define MADE_JWK_521 \
	"{\"kty\":\"EC\",\"crv\":\"P-521\",\"x\":\"AVXl0oo0KS0xiuD0RRAVflANzF5LKlyZ-oldjdd5u80LQdrxvpH-UVw3j" \
	"yMUBK-iQQPdiuKy-QjKlrIJ0nwSy_2E\",\"y\":\"AKd-_eiMvdCjqu-PN3GV8HJM7fL-fVeW_AFz0sD7V2MKM25cAU" \
	"9P9FrgpENMabUo_GEbIGogB0UW2iAyJk09WCkE\"}"

#define MADE_JWK_RSA_1024 \
	"{\"kty\":\"RSA\",\"n\":\"wFyo9BID7827_b9MoIHJNxN7KEYXTzB0z217EKHNrjT0T50YKdxzfbZA3QoX6nJtHUrqFD" \
	"39HN-cPIm10JW20LMZTwUWuDAACiwJyqRiveF5ty50c6v375N6I-VwEBWcGdqIUuRjRs0VPxzavvhTBEUOw842I9" \
	"ptgh7FhH0_ESs\",\"e\":\"AQAB\"}"

#define RFC7515_A2 \
	"{\"payload\":\"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9p" \
	"c19yb290Ijp0cnVlfQ\",\"protected\":\"eyJhbGciOiJSUzI1NiJ9\",\"signature\":\"cC4hiUPoj9Eetdgtv3hF" \
	"80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CU" \
	"Ar7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0Gar" \
	"ZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI" \
	"8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw\"}"

#define RFC7515_A2_KEY \
	"{\"kty\":\"RSA\",\"n\":\"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4" \
	"qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OM" \
	"g0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3" \
	"qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4F" \
	"RWyuXpoQ\",\"e\":\"AQAB\"}"

#define RFC7515_A3 \
	"{\"payload\":\"eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9p" \
	"c19yb290Ijp0cnVlfQ\",\"protected\":\"eyJhbGciOiJFUzI1NiJ9\",\"signature\":\"DtEhU3ljbEg8L38VWAfU" \
	"AqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q\"}"

#define RFC7515_A3_KEY \
	"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\",\"y\":\"x_FEzRu" \
	"9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}"

#define RFC8037_A4 \
	"{\"payload\":\"RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc\",\"protected\":\"eyJhbGciOiJFZERTQSJ9\",\"sig" \
	"nature\":\"hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_" \
	"MuM0KAg\"}"

#define RFC8037_KEY \
	"{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo\"}"

#define RFC7638_KEY \
	"{\"kty\":\"RSA\",\"n\":\"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7" \
	"aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0" \
	"h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD0" \
	"8qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJ" \
	"zKnqDKgw\",\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}"

#endif
