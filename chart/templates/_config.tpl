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
The configurations of a release: a list of {name, config, resources, label}. The first is everybody's, the others are
of nodes that are different; what an override leaves out is everybody's.
*/}}
{{- define "weir.variants" -}}
{{- $fullname := include "weir.fullname" . }}
{{- $variants := list (dict "name" $fullname "config" .Values.config "resources" .Values.resources) }}
{{- $names := list }}
{{- range .Values.nodeOverrides }}
{{- $config := $.Values.config }}
{{- with .config }}
{{- if or .content .values }}
{{- $config = merge (deepCopy .) (dict "format" $.Values.config.format) }}
{{- end }}
{{- end }}
{{- $name := include "weir.shortName" (printf "%s-%s" $fullname .name) }}
{{- if has $name $names }}
{{- fail (printf "nodeOverrides: %s is there twice" .name) }}
{{- end }}
{{- $names = append $names $name }}
{{- $variants = append $variants (dict
      "name" $name
      "config" $config
      "resources" (default $.Values.resources .resources)
      "label" .label) }}
{{- end }}
{{- toJson $variants }}
{{- end }}

{{/* A map as JSON; of what is none: an empty one. */}}
{{- define "weir.map" -}}
{{- if kindIs "map" . }}{{ toJson . }}{{ else }}{}{{ end }}
{{- end }}

{{/* What a configuration says of Kubernetes, as JSON. Of what a template cannot read: nothing. */}}
{{- define "weir.informer" -}}
{{- $at := dict }}
{{- if .values }}
{{- $at = .values }}
{{- else if and .content (ne (default "hcl" .format) "hcl") }}
{{- $at = fromYaml .content }}
{{- end }}
{{- range list "discovery" "informer" "k8s" }}
{{- $at = get (include "weir.map" $at | fromJson) . }}
{{- end }}
{{- include "weir.map" $at }}
{{- end }}

{{/* Where the API has each kind: a JSON map to GROUP/RESOURCE. */}}
{{- define "weir.kindPlaces" -}}
{{- dict
      "CronJob" "batch/cronjobs" "DaemonSet" "apps/daemonsets" "Deployment" "apps/deployments"
      "EndpointSlice" "discovery.k8s.io/endpointslices" "Endpoints" "/endpoints"
      "Gateway" "gateway.networking.k8s.io/gateways" "Ingress" "networking.k8s.io/ingresses" "Job" "batch/jobs"
      "Namespace" "/namespaces" "NetworkPolicy" "networking.k8s.io/networkpolicies" "Node" "/nodes" "Pod" "/pods"
      "ReplicaSet" "apps/replicasets" "Service" "/services" "StatefulSet" "apps/statefulsets" | toJson }}
{{- end }}

{{/*
The kinds that agents watch: a JSON list. What a text says is looked at as far as a template can; what it cannot make
out is left to the agent, which says what is wrong with it.
*/}}
{{- define "weir.kinds" -}}
{{- $all := include "weir.kindPlaces" . | fromJson | keys }}
{{- $usual := without $all "Endpoints" }}
{{- $words := dict "endpoint" "Endpoints" }}
{{- range $all }}
{{- $_ := set $words (lower .) . }}
{{- end }}
{{- $kinds := list }}
{{- range include "weir.variants" . | fromJsonArray }}
{{- $k8s := include "weir.informer" .config | fromJson }}
{{- if ne (toString (get $k8s "enabled")) "false" }}
{{- $wanted := $usual }}
{{- $selectors := get $k8s "selectors" }}
{{- range kindIs "slice" $selectors | ternary $selectors list }}
{{- $selector := include "weir.map" . | fromJson }}
{{- $kind := get $words (get $selector "kind" | toString | lower) }}
{{- if and $kind (eq (get $selector "include" | toString) "false") }}
{{- $wanted = without $wanted $kind }}
{{- else if $kind }}
{{- $wanted = append $wanted $kind }}
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
