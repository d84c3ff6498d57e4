{{- define "parlance.name" -}}
{{- $name := printf "%s-%s" .Release.Name .Chart.Name -}}
{{- ternary .Release.Name $name (contains .Chart.Name .Release.Name) | trunc 50 | trimSuffix "-" -}}
{{- end }}

{{- /* What never changes, so that it may select. Takes the root and a role. */}}
{{- define "parlance.selector" -}}
app.kubernetes.io/name: parlance
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .role }}
{{- end }}

{{- define "parlance.labels" -}}
{{ include "parlance.selector" . }}
app.kubernetes.io/part-of: parlance
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{- define "parlance.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "parlance.serviceAccount" -}}
{{ .Values.serviceAccount.name | default (include "parlance.name" .) }}
{{- end }}

{{- /* Gateways serve everything on one port; the others, what roles ask of each other, with health and metrics. */}}
{{- define "parlance.port" -}}
{{ if eq .role "gateway" }}7700{{ else }}7800{{ end }}
{{- end }}

{{- /* A pod that may do nothing to its node. */}}
{{- define "parlance.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "parlance.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
capabilities: { drop: [ALL] }
{{- end }}

{{- /* Secrets come as files: an environment is inherited, and shown by tools. */}}
{{- define "parlance.env" -}}
- { name: PARLANCE_CONFIG, value: /etc/parlance/parlance.toml }
- { name: PARLANCE_AUTH__SECRET_FILE, value: /run/secrets/parlance/auth_secret }
- { name: PARLANCE_CLUSTER__SECRET_FILE, value: /run/secrets/parlance/cluster_secret }
- { name: PARLANCE_REPO__MYSQL__PASSWORD_FILE, value: /run/secrets/parlance/mysql_password }
- { name: PARLANCE_REPO__FILES__S3__SECRET_KEY_FILE, value: /run/secrets/parlance/s3_secret }
{{- end }}

{{- define "parlance.mounts" -}}
- { name: config, mountPath: /etc/parlance, readOnly: true }
- { name: secrets, mountPath: /run/secrets/parlance, readOnly: true }
- { name: tmp, mountPath: /tmp }
{{- end }}

{{- /* Takes the root and the name of the config map. */}}
{{- define "parlance.volumes" -}}
- { name: config, configMap: { name: {{ .config }} } }
- { name: secrets, secret: { secretName: {{ .root.Values.secretName }}, defaultMode: 0440 } }
- { name: tmp, emptyDir: { sizeLimit: 64Mi } }
{{- end }}
