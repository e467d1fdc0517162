{{/*
What the container may do. Everywhere: BPF loads programs and maps, NET_ADMIN attaches them, PERFMON lets them read
packets. To enter the host's network from the pod's: SYS_PTRACE opens /proc/1/ns/net, SYS_ADMIN goes there.
*/}}
{{- define "weir.securityContext" -}}
{{- $context := deepCopy .Values.securityContext }}
{{- $capabilities := default dict $context.capabilities }}
{{- if $context.privileged }}
{{- $context = omit $context "capabilities" "seccompProfile" }}
{{- else }}
{{- if not $capabilities.add }}
{{- $add := list "BPF" "NET_ADMIN" "PERFMON" }}
{{- if not .Values.hostNetwork }}
{{- $add = concat $add (list "SYS_ADMIN" "SYS_PTRACE") }}
{{- end }}
{{- $_ := set $capabilities "add" $add }}
{{- end }}
{{- $_ := set $context "capabilities" $capabilities }}
{{- /* with SYS_ADMIN the API server refuses to hear that there are no further privileges */}}
{{- $_ := set $context "allowPrivilegeEscalation" (has "SYS_ADMIN" $capabilities.add) }}
{{- end }}
{{- with include "weir.appArmor" . }}
{{- if semverCompare ">=1.30.0-0" $.Capabilities.KubeVersion.Version }}
{{- $profile := hasPrefix "localhost/" . | ternary (dict "type" "Localhost" "localhostProfile" (trimPrefix "localhost/" .)) (dict "type" .) }}
{{- $_ := set $context "appArmorProfile" $profile }}
{{- end }}
{{- end }}
{{- toYaml $context }}
{{- end }}

{{/* AppArmor's profile; empty: the runtime decides. */}}
{{- define "weir.appArmor" -}}
{{- if .Values.appArmorProfile }}{{ .Values.appArmorProfile }}
{{- else if and (not .Values.hostNetwork) (not .Values.securityContext.privileged) }}Unconfined
{{- end }}
{{- end }}

{{/* The same as older Kubernetes has it. */}}
{{- define "weir.appArmorAnnotation" -}}
{{- $profile := include "weir.appArmor" . }}
{{- if and $profile (semverCompare "<1.30.0-0" .Capabilities.KubeVersion.Version) -}}
container.apparmor.security.beta.kubernetes.io/weir: {{ get (dict "Unconfined" "unconfined" "RuntimeDefault" "runtime/default") $profile | default $profile }}
{{- end }}
{{- end }}

{{- define "weir.healthPort" -}}
{{- .Values.ports.health | default (ternary 18080 8080 .Values.hostNetwork) }}
{{- end }}

{{- define "weir.metricsPort" -}}
{{- .Values.ports.metrics | default (ternary 18081 10250 .Values.hostNetwork) }}
{{- end }}

{{- define "weir.env" -}}
- { name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
- { name: POD_NAMESPACE, valueFrom: { fieldRef: { fieldPath: metadata.namespace } } }
- { name: POD_UID, valueFrom: { fieldRef: { fieldPath: metadata.uid } } }
- { name: POD_IP, valueFrom: { fieldRef: { fieldPath: status.podIP } } }
- { name: POD_NODE_NAME, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }
- { name: WEIR_NODE_NAME, valueFrom: { fieldRef: { fieldPath: spec.nodeName } } }
- { name: WEIR_INTERNAL_SERVER_ENABLED, value: "true" }
- { name: WEIR_INTERNAL_SERVER_LISTEN_ADDRESS, value: {{ .Values.ports.listenAddress | quote }} }
- { name: WEIR_INTERNAL_SERVER_PORT, value: {{ include "weir.healthPort" . | quote }} }
- { name: WEIR_INTERNAL_METRICS_LISTEN_ADDRESS, value: {{ .Values.ports.listenAddress | quote }} }
- { name: WEIR_INTERNAL_METRICS_PORT, value: {{ include "weir.metricsPort" . | quote }} }
{{- if not .Values.hostNetwork }}
- { name: WEIR_DISCOVERY_INSTRUMENT_NETWORK_NAMESPACE, value: /proc/1/ns/net }
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "weir.probe" -}}
{{- toYaml (merge (dict "httpGet" (dict "path" .path "port" "health")) (default dict .probe)) }}
{{- end }}

{{/* Nodes that pods go to. A list: the context, and the labels of those that a variant is for. */}}
{{- define "weir.nodeSelector" -}}
{{- toYaml (merge (deepCopy (last .)) (default dict (first .).Values.nodeSelector) (dict "kubernetes.io/os" "linux")) }}
{{- end }}

{{/* maxSurge is younger than the rest: where it is 0, which is what it is by itself, nothing is said of it. */}}
{{- define "weir.rollingUpdate" -}}
{{- $surge := trimSuffix "%" (toString .maxSurge) }}
{{- if and (ne $surge "0") (ne (trimSuffix "%" (toString .maxUnavailable)) "0") }}
{{- fail "updateStrategy.rollingUpdate: maxSurge and maxUnavailable are both set: one of them is to be 0" }}
{{- end }}
{{- toYaml (ternary (omit . "maxSurge") . (eq $surge "0")) }}
{{- end }}

{{/* Where pods of a variant go: to its label, and not to those of the overrides before it. */}}
{{- define "weir.affinity" -}}
{{- $expressions := list }}
{{- range .excluded }}
{{- $expressions = append $expressions (dict "key" .key "operator" "NotIn" "values" (list .value)) }}
{{- end }}
{{- $affinity := deepCopy (default dict .affinity) }}
{{- if $expressions }}
{{- $node := default dict $affinity.nodeAffinity }}
{{- $required := default dict $node.requiredDuringSchedulingIgnoredDuringExecution }}
{{- $terms := list }}
{{- range default (list dict) $required.nodeSelectorTerms }}
{{- $terms = append $terms (merge (dict "matchExpressions" (concat (default list .matchExpressions) $expressions)) .) }}
{{- end }}
{{- $_ := set $node "requiredDuringSchedulingIgnoredDuringExecution" (dict "nodeSelectorTerms" $terms) }}
{{- $_ := set $affinity "nodeAffinity" $node }}
{{- end }}
{{- with $affinity }}{{ toYaml . }}{{ end }}
{{- end }}
