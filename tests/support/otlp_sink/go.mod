module weir.test/otlp_sink

go 1.26
