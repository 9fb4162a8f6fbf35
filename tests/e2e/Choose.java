import java.net.Socket;
import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedKeyManager;

/*
 * A TLS client that chooses among the keys of a token: Choose PORT TRUST-STORE ALIAS… connects once with each
 * and prints what the server says, by TLS 1.2 and 1.3.
 */
class Choose extends X509ExtendedKeyManager {
	private final X509ExtendedKeyManager all;
	private final String alias;

	Choose(X509ExtendedKeyManager all, String alias) {
		this.all = all;
		this.alias = alias;
	}

	@Override
	public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
		return alias;
	}

	@Override
	public String chooseEngineClientAlias(String[] types, Principal[] issuers, SSLEngine engine) {
		return alias;
	}

	@Override
	public X509Certificate[] getCertificateChain(String name) {
		return all.getCertificateChain(name);
	}

	@Override
	public PrivateKey getPrivateKey(String name) {
		return all.getPrivateKey(name);
	}

	@Override
	public String[] getClientAliases(String type, Principal[] issuers) {
		return all.getClientAliases(type, issuers);
	}

	@Override
	public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
		return null;
	}

	@Override
	public String[] getServerAliases(String type, Principal[] issuers) {
		return null;
	}

	static String get(SSLContext context, int port, String version) throws Exception {
		try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("localhost", port)) {
			socket.setEnabledProtocols(new String[] {version});
			socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes());
			String text = new String(socket.getInputStream().readAllBytes());
			return text.substring(text.indexOf("\r\n\r\n") + 4).trim();
		}
	}

	public static void main(String[] arguments) throws Exception {
		KeyStore store = KeyStore.getInstance("PKCS11");
		KeyStore trusted = KeyStore.getInstance(new java.io.File(arguments[1]), "changeit".toCharArray());
		KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
		TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");

		store.load(null, "none".toCharArray());
		keys.init(store, "none".toCharArray());
		trust.init(trusted);
		for (int i = 2; i < arguments.length; i++) {
			for (String version : new String[] {"TLSv1.2", "TLSv1.3"}) {
				SSLContext context = SSLContext.getInstance("TLS");

				context.init(new KeyManager[] {new Choose((X509ExtendedKeyManager) keys.getKeyManagers()[0],
				    arguments[i])}, trust.getTrustManagers(), null);
				System.out.println(arguments[i] + ": " + get(context, Integer.parseInt(arguments[0]), version));
			}
		}
	}
}
