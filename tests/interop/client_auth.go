//go:build ignore

// Verifies a client's certificate as Go's TLS servers do: client_auth ROOT CHAIN
package main

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
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

func main() {
	roots, others := x509.NewCertPool(), x509.NewCertPool()
	for _, certificate := range load(os.Args[1]) {
		roots.AddCert(certificate)
	}
	chain := load(os.Args[2])
	for _, certificate := range chain[1:] {
		others.AddCert(certificate)
	}
	usages := []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	if _, err := chain[0].Verify(x509.VerifyOptions{Roots: roots, Intermediates: others, KeyUsages: usages}); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(chain[0].Subject.CommonName)
}
