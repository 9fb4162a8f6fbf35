//go:build ignore

// Verifies a client's certificate as Go's TLS servers do: client_auth ROOT CHAIN. With "serve" it is
// such a server, as Caddy and Traefik are: client_auth serve ROOT CERTIFICATE KEY prints its port.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"os"
)

func load(path string) (list []*x509.Certificate) {
	rest, _ := os.ReadFile(path)
	for block, rest := pem.Decode(rest); block != nil; block, rest = pem.Decode(rest) {
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
			list = append(list, certificate)
		}
	}
	return list
}

func pool(certificates []*x509.Certificate) *x509.CertPool {
	pool := x509.NewCertPool()
	for _, certificate := range certificates {
		pool.AddCert(certificate)
	}
	return pool
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func serve(root, certificate, key string) {
	own, err := tls.LoadX509KeyPair(certificate, key)
	check(err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	server := http.Server{
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAndVerifyClientCert,
			ClientCAs: pool(load(root))},
		Handler: http.HandlerFunc(func(out http.ResponseWriter, request *http.Request) {
			fmt.Fprintf(out, "hello %s by %s\n", request.TLS.PeerCertificates[0].Subject.CommonName,
				tls.VersionName(request.TLS.Version))
		}),
	}
	check(server.ServeTLS(listener, "", ""))
}

func main() {
	if os.Args[1] == "serve" {
		serve(os.Args[2], os.Args[3], os.Args[4])
	}
	chain := load(os.Args[2])
	usages := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: pool(load(os.Args[1])), Intermediates: pool(chain[1:]),
		KeyUsages: usages})
	check(err)
	fmt.Println(chain[0].Subject.CommonName)
}
