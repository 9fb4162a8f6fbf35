/* Inner messages of a keyChange, made with Python's cryptography: RFC 8555 §7.3.5. */
#ifndef TESTS_UNIT_KEY_CHANGE_VECTORS_H
#define TESTS_UNIT_KEY_CHANGE_VECTORS_H

#define INNER_GOOD \
	"{\"protected\":\"eyJhbGciOiJFUzI1NiIsImp3ayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6ImVjXz" \
	"JNVWdKWlhVd2lzNUVSUzJHRVBZMFdhRUNpV3RoaWNtdkl2Znp5azQiLCJ5IjoiclExX0hlcTF2MVBUZTNIbmppaD" \
	"NoVjZoLThXNkt4am9NOTFOY2JaaDI4cyJ9LCJ1cmwiOiJodHRwczovL2NhLmV4YW1wbGUvYWNtZS9rZXktY2hhbm" \
	"dlIn0\",\"payload\":\"eyJhY2NvdW50IjoiaHR0cHM6Ly9jYS5leGFtcGxlL2FjbWUvYWNjb3VudC8xIiwib2xkS2" \
	"V5Ijp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4Ijoic0pyTHFnQnVyYk1TeFpQME52bkZ5QWlJTl9JM0U1dD" \
	"Baa2hMTjFmbDRubyIsInkiOiI0bUkteXBnUk1lZlduMU41UDhCbDJNbDFGZGlFNzBXS2s5REhRbW0wUHNNIn19\"," \
	"\"signature\":\"bTnZBy2u9Kta7Gy4IkuWd37qG8U-13yX3RIluIq6bJDWmrUtOaTfFw7dtgVGVa_WLbEAYWFIdja" \
	"-foMNNzGOmw\"}"

#define INNER_NONCE \
	"{\"protected\":\"eyJhbGciOiJFUzI1NiIsImp3ayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6ImVjXz" \
	"JNVWdKWlhVd2lzNUVSUzJHRVBZMFdhRUNpV3RoaWNtdkl2Znp5azQiLCJ5IjoiclExX0hlcTF2MVBUZTNIbmppaD" \
	"NoVjZoLThXNkt4am9NOTFOY2JaaDI4cyJ9LCJ1cmwiOiJodHRwczovL2NhLmV4YW1wbGUvYWNtZS9rZXktY2hhbm" \
	"dlIiwibm9uY2UiOiJBQUFBIn0\",\"payload\":\"eyJhY2NvdW50IjoiaHR0cHM6Ly9jYS5leGFtcGxlL2FjbWUvYW" \
	"Njb3VudC8xIiwib2xkS2V5Ijp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4Ijoic0pyTHFnQnVyYk1TeFpQME" \
	"52bkZ5QWlJTl9JM0U1dDBaa2hMTjFmbDRubyIsInkiOiI0bUkteXBnUk1lZlduMU41UDhCbDJNbDFGZGlFNzBXS2" \
	"s5REhRbW0wUHNNIn19\",\"signature\":\"x5Bq5f_pyoXLHoRKbhk5JXyFIiwkm0hXYYJyhUlOYaab62HlE31qavt" \
	"6_6XYHSdDPbuNSkPxevHC2Quvjx14Cw\"}"

#define INNER_URL \
	"{\"protected\":\"eyJhbGciOiJFUzI1NiIsImp3ayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6ImVjXz" \
	"JNVWdKWlhVd2lzNUVSUzJHRVBZMFdhRUNpV3RoaWNtdkl2Znp5azQiLCJ5IjoiclExX0hlcTF2MVBUZTNIbmppaD" \
	"NoVjZoLThXNkt4am9NOTFOY2JaaDI4cyJ9LCJ1cmwiOiJodHRwczovL2NhLmV4YW1wbGUvYWNtZS9hY2NvdW50Lz" \
	"EifQ\",\"payload\":\"eyJhY2NvdW50IjoiaHR0cHM6Ly9jYS5leGFtcGxlL2FjbWUvYWNjb3VudC8xIiwib2xkS2V" \
	"5Ijp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4Ijoic0pyTHFnQnVyYk1TeFpQME52bkZ5QWlJTl9JM0U1dDB" \
	"aa2hMTjFmbDRubyIsInkiOiI0bUkteXBnUk1lZlduMU41UDhCbDJNbDFGZGlFNzBXS2s5REhRbW0wUHNNIn19\",\"" \
	"signature\":\"YdZ_G4HStyZeVqI8t3Mcz7YCEAJDU0fdr12nlo9vIDNrCuCtnHPng088IPbu31eUOTsFBNibYEXJ" \
	"L1sGjjobqg\"}"

#define INNER_NO_URL \
	"{\"protected\":\"eyJhbGciOiJFUzI1NiIsImp3ayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6ImVjXz" \
	"JNVWdKWlhVd2lzNUVSUzJHRVBZMFdhRUNpV3RoaWNtdkl2Znp5azQiLCJ5IjoiclExX0hlcTF2MVBUZTNIbmppaD" \
	"NoVjZoLThXNkt4am9NOTFOY2JaaDI4cyJ9fQ\",\"payload\":\"eyJhY2NvdW50IjoiaHR0cHM6Ly9jYS5leGFtcGx" \
	"lL2FjbWUvYWNjb3VudC8xIiwib2xkS2V5Ijp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4Ijoic0pyTHFnQnV" \
	"yYk1TeFpQME52bkZ5QWlJTl9JM0U1dDBaa2hMTjFmbDRubyIsInkiOiI0bUkteXBnUk1lZlduMU41UDhCbDJNbDF" \
	"GZGlFNzBXS2s5REhRbW0wUHNNIn19\",\"signature\":\"xlVxy_t684h4GCBDZiVMZV1O9QNBXH8L9Bw7F0wlJyqr" \
	"rORKXroEBxGFdV9g2qmFWgPoJkzEGAKrn_NDgnevIQ\"}"

#define INNER_KID \
	"{\"protected\":\"eyJhbGciOiJFUzI1NiIsImtpZCI6Imh0dHBzOi8vY2EuZXhhbXBsZS9hY21lL2FjY291bnQvMS" \
	"IsInVybCI6Imh0dHBzOi8vY2EuZXhhbXBsZS9hY21lL2tleS1jaGFuZ2UifQ\",\"payload\":\"eyJhY2NvdW50Ijo" \
	"iaHR0cHM6Ly9jYS5leGFtcGxlL2FjbWUvYWNjb3VudC8xIiwib2xkS2V5Ijp7Imt0eSI6IkVDIiwiY3J2IjoiUC0" \
	"yNTYiLCJ4Ijoic0pyTHFnQnVyYk1TeFpQME52bkZ5QWlJTl9JM0U1dDBaa2hMTjFmbDRubyIsInkiOiI0bUkteXB" \
	"nUk1lZlduMU41UDhCbDJNbDFGZGlFNzBXS2s5REhRbW0wUHNNIn19\",\"signature\":\"iMTvYRorkuKw5oL8ZQqq" \
	"A2TlnuBJ7OjT2bsjaZwjsn5ymwHHc8GQViSN3z5dNaEO_nvsOfG5TYDkr58bbm245w\"}"

#define INNER_OLD_SIGNS \
	"{\"protected\":\"eyJhbGciOiJFUzI1NiIsImp3ayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6ImVjXz" \
	"JNVWdKWlhVd2lzNUVSUzJHRVBZMFdhRUNpV3RoaWNtdkl2Znp5azQiLCJ5IjoiclExX0hlcTF2MVBUZTNIbmppaD" \
	"NoVjZoLThXNkt4am9NOTFOY2JaaDI4cyJ9LCJ1cmwiOiJodHRwczovL2NhLmV4YW1wbGUvYWNtZS9rZXktY2hhbm" \
	"dlIn0\",\"payload\":\"eyJhY2NvdW50IjoiaHR0cHM6Ly9jYS5leGFtcGxlL2FjbWUvYWNjb3VudC8xIiwib2xkS2" \
	"V5Ijp7Imt0eSI6IkVDIiwiY3J2IjoiUC0yNTYiLCJ4Ijoic0pyTHFnQnVyYk1TeFpQME52bkZ5QWlJTl9JM0U1dD" \
	"Baa2hMTjFmbDRubyIsInkiOiI0bUkteXBnUk1lZlduMU41UDhCbDJNbDFGZGlFNzBXS2s5REhRbW0wUHNNIn19\"," \
	"\"signature\":\"XUz80bQDX5BBSDV0CucC-Z4Mh3HhPsH64c4Kc8em0Jzc14i3XhP_tQWxjieo3HdfuXHvxgn7HtJ" \
	"liEP0tBCY-g\"}"

#define INNER_ACCOUNT \
	"{\"protected\":\"eyJhbGciOiJFUzI1NiIsImp3ayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6ImVjXz" \
	"JNVWdKWlhVd2lzNUVSUzJHRVBZMFdhRUNpV3RoaWNtdkl2Znp5azQiLCJ5IjoiclExX0hlcTF2MVBUZTNIbmppaD" \
	"NoVjZoLThXNkt4am9NOTFOY2JaaDI4cyJ9LCJ1cmwiOiJodHRwczovL2NhLmV4YW1wbGUvYWNtZS9rZXktY2hhbm" \
	"dlIn0\",\"payload\":\"eyJhY2NvdW50IjoiaHR0cHM6Ly9jYS5leGFtcGxlL2FjbWUvYWNjb3VudC8xMiIsIm9sZE" \
	"tleSI6eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6InNKckxxZ0J1cmJNU3haUDBOdm5GeUFpSU5fSTNFNX" \
	"QwWmtoTE4xZmw0bm8iLCJ5IjoiNG1JLXlwZ1JNZWZXbjFONVA4QmwyTWwxRmRpRTcwV0trOURIUW1tMFBzTSJ9fQ" \
	"\",\"signature\":\"wCr-Qd3L9jEi1eDmz_5ruFmdZj5R4gw08CncIzlXWhdIFeX4MjTrxmWB0Ezd-JhqHVp65xtJA" \
	"FYRpjva1WYEpg\"}"

#define INNER_NO_ACCOUNT \
	"{\"protected\":\"eyJhbGciOiJFUzI1NiIsImp3ayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6ImVjXz" \
	"JNVWdKWlhVd2lzNUVSUzJHRVBZMFdhRUNpV3RoaWNtdkl2Znp5azQiLCJ5IjoiclExX0hlcTF2MVBUZTNIbmppaD" \
	"NoVjZoLThXNkt4am9NOTFOY2JaaDI4cyJ9LCJ1cmwiOiJodHRwczovL2NhLmV4YW1wbGUvYWNtZS9rZXktY2hhbm" \
	"dlIn0\",\"payload\":\"eyJvbGRLZXkiOnsia3R5IjoiRUMiLCJjcnYiOiJQLTI1NiIsIngiOiJzSnJMcWdCdXJiTV" \
	"N4WlAwTnZuRnlBaUlOX0kzRTV0MFpraExOMWZsNG5vIiwieSI6IjRtSS15cGdSTWVmV24xTjVQOEJsMk1sMUZkaU" \
	"U3MFdLazlESFFtbTBQc00ifX0\",\"signature\":\"U9jyevFeIHYhPjcdas4H5-OxNgOqGsNGkVSSjnAKbC-PzJNx" \
	"U72oLF0K7XL0rHkSbozrqTOQOkGSNWaHDMkvtQ\"}"

#define INNER_NO_OLD_KEY \
	"{\"protected\":\"eyJhbGciOiJFUzI1NiIsImp3ayI6eyJrdHkiOiJFQyIsImNydiI6IlAtMjU2IiwieCI6ImVjXz" \
	"JNVWdKWlhVd2lzNUVSUzJHRVBZMFdhRUNpV3RoaWNtdkl2Znp5azQiLCJ5IjoiclExX0hlcTF2MVBUZTNIbmppaD" \
	"NoVjZoLThXNkt4am9NOTFOY2JaaDI4cyJ9LCJ1cmwiOiJodHRwczovL2NhLmV4YW1wbGUvYWNtZS9rZXktY2hhbm" \
	"dlIn0\",\"payload\":\"eyJhY2NvdW50IjoiaHR0cHM6Ly9jYS5leGFtcGxlL2FjbWUvYWNjb3VudC8xIn0\",\"sign" \
	"ature\":\"A5i_y115aXJYPpbEG3yswWbIUGFyfCnRhhjHvYtJ6UTMRGGyz2iDBLMCIphwcvLj5M_EVHxmSoCQyWWn" \
	"uxxh4w\"}"

#define INNER_NEW_THUMBPRINT \
	"PUROkliELo4JCMxNS8atycVVEyjySN4V1kolPth44ZI"

#define INNER_OLD_THUMBPRINT \
	"QUmqM9Z-tvw322HSjjxTGhyATmQjuc_WW17nuNokSos"

#endif
