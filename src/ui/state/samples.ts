// What a newcomer finds in the editor: a web server with everything people usually write, and a client to ask it from.

export const samples: readonly { name: string; text: string }[] = [
  {
    name: 'web.yaml',
    text: `# A web server in two copies, with one address.
# Press Apply and watch the picture.
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels:
    app: web
spec:
  replicas: 2
  selector:
    matchLabels:
      app: web
  template:
    metadata:
      labels:
        app: web
    spec:
      containers:
        - name: nginx
          image: nginx:1.22
          ports:
            - name: http
              containerPort: 80
          resources:
            requests:
              cpu: 50m
              memory: 16Mi
          readinessProbe:
            httpGet:
              path: /
              port: http
            periodSeconds: 2
---
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector:
    app: web
  ports:
    - name: http
      port: 80
      targetPort: http
`,
  },
  {
    name: 'client.yaml',
    text: `# A pod to look around from:
#   kubectl exec -it client -- sh
apiVersion: v1
kind: Pod
metadata:
  name: client
spec:
  containers:
    - name: shell
      image: busybox
      command: ["sleep", "86400"]
      resources:
        requests:
          cpu: 10m
          memory: 8Mi
`,
  },
];
