// A TLS client of Go's that signs with a key of attest-device by go-tpm-keyfiles:
//
//	tpm_client DIRECTORY TPM CA
//
// reads lines "VERSION URL" and prints the answer to each. As long as it runs it reads the certificate
// anew for each connection, and has the TPM (a device, or the socket of a software TPM) open for each
// signature only.
package main

import (
	"bufio"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	keyfile "github.com/foxboron/go-tpm-keyfiles"
	"github.com/google/go-tpm/tpm2/transport"
	"github.com/google/go-tpm/tpm2/transport/linuxtpm"
	"github.com/google/go-tpm/tpm2/transport/linuxudstpm"
)

type signer struct {
	key *keyfile.TPMKey
	tpm string
}

func open(path string) (transport.TPMCloser, error) {
	if info, err := os.Stat(path); err == nil && info.Mode()&os.ModeSocket != 0 {
		return linuxudstpm.Open(path)
	}
	return linuxtpm.Open(path)
}

func (s signer) Public() crypto.PublicKey {
	public, err := s.key.PublicKey()
	check(err)
	return public
}

func (s signer) Sign(random io.Reader, digest []byte, options crypto.SignerOpts) ([]byte, error) {
	tpm, err := open(s.tpm)
	if err != nil {
		return nil, err
	}
	defer tpm.Close()
	whole, err := s.key.Signer(tpm, nil, nil)
	if err != nil {
		return nil, err
	}
	return whole.Sign(random, digest, options)
}

func load(directory, tpm string) (*tls.Certificate, error) {
	text, err := os.ReadFile(directory + "/device.key")
	if err != nil {
		return nil, err
	}
	key, err := keyfile.Decode(text)
	if err != nil {
		return nil, err
	}
	rest, err := os.ReadFile(directory + "/device.pem")
	if err != nil {
		return nil, err
	}
	certificate := &tls.Certificate{PrivateKey: signer{key, tpm}}
	for block, rest := pem.Decode(rest); block != nil; block, rest = pem.Decode(rest) {
		certificate.Certificate = append(certificate.Certificate, block.Bytes)
	}
	return certificate, nil
}

func check(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func get(config *tls.Config, url string) string {
	client := http.Client{Transport: &http.Transport{TLSClientConfig: config, DisableKeepAlives: true}}
	answer, err := client.Get(url)
	if err != nil {
		return err.Error()
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}

func main() {
	roots, err := os.ReadFile(os.Args[3])
	check(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(roots)
	versions := map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		version, url, _ := strings.Cut(lines.Text(), " ")
		fmt.Println(get(&tls.Config{RootCAs: pool, MinVersion: versions[version], MaxVersion: versions[version],
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				return load(os.Args[1], os.Args[2])
			}}, url))
	}
}
