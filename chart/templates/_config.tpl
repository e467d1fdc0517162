{{/* A configuration's file name: of a text by its format. */}}
{{- define "weir.configFile" -}}
{{- if .content }}config.{{ default "hcl" .format }}{{ else }}config.yaml{{ end }}
{{- end }}

{{/* A configuration's text; empty: there is none, and the agent has its defaults. */}}
{{- define "weir.configText" -}}
{{- if and .content .values }}
{{- fail "config.content and config.values are both set: leave out one of them" }}
{{- end }}
{{- if .content }}{{ .content }}{{ else if .values }}{{ toYaml .values }}{{ end }}
{{- end }}

{{/*
The configurations of a release: a list of {name, config, override}. The first is everybody's, the others are of nodes
that are different.
*/}}
{{- define "weir.variants" -}}
{{- $fullname := include "weir.fullname" . }}
{{- $variants := list (dict "name" $fullname "config" .Values.config "resources" .Values.resources) }}
{{- range .Values.nodeOverrides }}
{{- $config := $.Values.config }}
{{- with .config }}
{{- $config = . }}
{{- end }}
{{- $variants = append $variants (dict
      "name" (printf "%s-%s" $fullname .name | trunc 63 | trimSuffix "-")
      "config" $config
      "resources" (default $.Values.resources .resources)
      "label" .label) }}
{{- end }}
{{- toJson $variants }}
{{- end }}

{{/* The kinds that agents watch: a JSON list. What a text says is looked at as far as a template can. */}}
{{- define "weir.kinds" -}}
{{- $usual := list "CronJob" "DaemonSet" "Deployment" "EndpointSlice" "Gateway" "Ingress" "Job" "Namespace" "NetworkPolicy" "Node" "Pod" "ReplicaSet" "Service" "StatefulSet" }}
{{- $kinds := list }}
{{- range include "weir.variants" . | fromJsonArray }}
{{- $values := dict }}
{{- if .config.values }}
{{- $values = .config.values }}
{{- else if and .config.content (ne (default "hcl" .config.format) "hcl") }}
{{- $values = fromYaml .config.content }}
{{- end }}
{{- $k8s := dig "discovery" "informer" "k8s" dict $values }}
{{- if ne (dig "enabled" true $k8s) false }}
{{- $wanted := $usual }}
{{- range (default list (get $k8s "selectors")) }}
{{- if eq (dig "include" true .) false }}
{{- $wanted = without $wanted .kind }}
{{- else }}
{{- $wanted = append $wanted (ternary "Endpoints" .kind (eq .kind "Endpoint")) }}
{{- end }}
{{- end }}
{{- if regexMatch "kind\\s*=\\s*\"(?i:endpoints?)\"" (default "" .config.content) }}
{{- $wanted = append $wanted "Endpoints" }}
{{- end }}
{{- $kinds = concat $kinds $wanted }}
{{- end }}
{{- end }}
{{- toJson (default ($kinds | uniq | sortAlpha) .Values.rbac.kinds) }}
{{- end }}
