import java.security.KeyStore;
import java.util.Scanner;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/*
 * A TLS client that lives through renewals: reads lines "WAY VERSION PORT PATH" and prints the answer to
 * each. WAY is "default" for what -Djavax.net.ssl.keyStore sets up, "kept" for a key manager that asks the
 * key store each time, or "anew" for one whose key store is loaded for this connection.
 */
class Live {
	static SSLContext load() throws Exception {
		KeyStore store = KeyStore.getInstance("PKCS11");
		KeyManagerFactory keys = KeyManagerFactory.getInstance("NewSunX509");
		KeyStore trusted = KeyStore.getInstance(new java.io.File(System.getProperty("javax.net.ssl.trustStore")),
		    "changeit".toCharArray());
		TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
		SSLContext context = SSLContext.getInstance("TLS");

		store.load(null, "none".toCharArray());
		keys.init(new javax.net.ssl.KeyStoreBuilderParameters(
		    KeyStore.Builder.newInstance(store, new KeyStore.PasswordProtection("none".toCharArray()))));
		trust.init(trusted);
		context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
		return context;
	}

	static String get(SSLContext context, String version, int port, String path) throws Exception {
		try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("localhost", port)) {
			socket.setEnabledProtocols(new String[] {"TLSv" + version});
			socket.getOutputStream().write(("GET " + path + " HTTP/1.0\r\n\r\n").getBytes());
			String text = new String(socket.getInputStream().readAllBytes());
			return text.substring(text.indexOf("\r\n\r\n") + 4).trim().replaceAll("\\s+", " ");
		}
	}

	public static void main(String[] arguments) throws Exception {
		SSLContext first = SSLContext.getDefault();
		SSLContext kept = load();

		for (Scanner lines = new Scanner(System.in); lines.hasNext();) {
			String way = lines.next();
			SSLContext context = way.equals("default") ? first : way.equals("kept") ? kept : load();

			try {
				System.out.println(get(context, lines.next(), lines.nextInt(), lines.next()));
			} catch (java.io.IOException problem) {
				System.out.println(problem);
			}
		}
	}
}
