log_level = "inof"

span {
  tcp_timout  = "5s" # a slip
  udp_timeout = "99d"
}

filter "source" {
  transport = { match = ["tcp"] }
}

export "traces" {
  otlp "west" {
    endpoint = "http://west.example:4317"
    tls      = { insecure_skip_verify = true }
  }
}
