{{- define "weir.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* Helm's usual: the release's name, with the chart's where it does not say so already. */}}
{{- define "weir.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 52 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{/* A name that objects' names are made from: "-validate" has room behind it. What is cut is told apart by its digest. */}}
{{- define "weir.shortName" -}}
{{- if gt (len .) 54 }}
{{- printf "%s-%s" (. | trunc 45 | trimSuffix "-") (. | sha256sum | trunc 8) }}
{{- else }}
{{- . }}
{{- end }}
{{- end }}

{{- define "weir.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "weir.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "weir.selectorLabels" -}}
{{- toYaml (dict "app.kubernetes.io/name" (include "weir.name" .) "app.kubernetes.io/instance" .Release.Name) }}
{{- end }}

{{/* Labels of every object: the chart's own have the last word, or upgrades would not find what they installed. */}}
{{- define "weir.labels" -}}
{{- $own := dict
      "app.kubernetes.io/version" .Chart.AppVersion
      "app.kubernetes.io/managed-by" .Release.Service
      "helm.sh/chart" (printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-") }}
{{- toYaml (merge $own (include "weir.selectorLabels" . | fromYaml) .Values.commonLabels) }}
{{- end }}

{{/* The same with an object's own. A list: the context, and these. */}}
{{- define "weir.labelsWith" -}}
{{- toYaml (merge (include "weir.labels" (first .) | fromYaml) (last .)) }}
{{- end }}

{{- define "weir.image" -}}
{{- with .Values.image }}
{{- if .digest }}
{{- printf "%s@%s" .repository .digest }}
{{- else }}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) }}
{{- end }}
{{- end }}
{{- end }}
