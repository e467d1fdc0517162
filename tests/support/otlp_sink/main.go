// A receiver of OTLP over gRPC and HTTP that reads every request to its end, says that all is well, and keeps nothing:
// what is measured is the sender.
//
//	otlp_sink       prints the port that it listens on (loopback), and serves until it is killed
package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{
		Protocols: protocols,
		HTTP2:     &http.HTTP2Config{MaxReceiveBufferPerConnection: 1 << 24, MaxReceiveBufferPerStream: 1 << 23},
		Handler:   http.HandlerFunc(answer),
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	panic(server.Serve(listener))
}

func answer(response http.ResponseWriter, request *http.Request) {
	io.Copy(io.Discard, request.Body)
	if !strings.HasPrefix(request.Header.Get("Content-Type"), "application/grpc") {
		response.Header().Set("Content-Type", request.Header.Get("Content-Type"))
		return
	}
	response.Header().Set("Content-Type", "application/grpc")
	response.Header().Set("Trailer", "Grpc-Status")
	response.Write([]byte{0, 0, 0, 0, 0}) // an empty message, not compressed
	response.Header().Set("Grpc-Status", "0")
}
