using Xunit;

namespace Enmesh.Deploy.Tests;

/// <summary>Every check is able to fail: one thing is broken, and that is what is said.</summary>
[Trait("Ring", "system")]
public sealed class BrokenTests(Overlays overlays)
{
    private static readonly Schema Kinds = Schema.Load();

    // Which overlay, what is done to its text, and what is said about it.
    public static TheoryData<string, string, string, string> Texts { get; } = new()
    {
        // The schema.
        { "ip", "minReadySeconds: 40", "minReadySecond: 40", "Deployment enmesh.spec.minReadySecond: there is no such field" },
        { "ip", "replicas: 3", "replicas: three", "Deployment enmesh.spec.replicas: 'three' is no int" },
        { "ip", "unhealthyPodEvictionPolicy: AlwaysAllow", "unhealthyPodEvictionPolicy: Always", "'Always' is no AlwaysAllow|IfHealthyBudget" },
        { "ip", "  schedule: 8-59/15 * * * *\n", "", "CronJob enmesh-cleanup.spec.schedule is missing" },
        { "ip", "value: \"0\"", "value: 0", "'0' is no str" },
        { "ip", "duration: 87600h", "duration: 10y", "'10y' is no duration" },
        { "ip", "kind: CronJob", "kind: CronWork", "batch/v1/CronWork is no kind that we ship" },
        { "ip", "memory: 512Mi", "memory: 512 MB", "'512 MB' is no quantity" },
        { "ip", "name: enmesh-mesh", "name: Enmesh_Mesh", "'Enmesh_Mesh' is no name" },
        { "ip", "enmesh/mesh: enmesh", "enmesh/mesh: -enmesh-", "is no label" },
        // References.
        { "ip", "    targetPort: dist", "    targetPort: distribution", "Service enmesh-headless: Deployment enmesh has no port 'distribution'" },
        { "ip", "publishNotReadyAddresses: true", "publishNotReadyAddresses: false", "publishNotReadyAddresses is not true" },
        { "ip", "serviceAccountName: enmesh\n", "serviceAccountName: nobody\n", "there is no ServiceAccount 'nobody'" },
        { "ip", "secretName: enmesh-cookie", "secretName: cookie", "there is no Secret 'cookie'" },
        { "ip", "            port: probes\n          periodSeconds: 10", "            port: health\n          periodSeconds: 10", "its livenessProbe asks the port 'health'" },
        { "ip", "          sizeLimit: 1Mi\n        name: tls", "        name: tls", "the volume tls has no limit" },
        { "ip", "- kind: ServiceAccount\n  name: enmesh-cleanup\n  namespace: enmesh", "- kind: ServiceAccount\n  name: enmesh-cleanup\n  namespace: shop", "there is no ServiceAccount 'enmesh-cleanup' in 'shop'" },
        { "statefulset", "serviceName: enmesh-headless", "serviceName: enmesh-heads", "there is no Service 'enmesh-heads'" },
        { "production", "  - interval: 15s\n    path: /metrics\n    port: metrics", "  - interval: 15s\n    path: /metrics\n    port: prometheus", "Deployment enmesh has no port named 'prometheus'" },
        { "with-ingress", "  tls:\n  - hosts:\n    - enmesh.example.com", "  tls:\n  - hosts:\n    - enmesh.example.org", "'enmesh.example.com' is served without TLS" },
        { "with-ingress", "nginx.ingress.kubernetes.io/auth-secret: enmesh-page-users", "nginx.ingress.kubernetes.io/satisfy: any", "it asks nobody who he is" },
        { "with-ingress", "              name: http", "              name: web", "has no port 'web'" },
        // What every pod is.
        { "ip", "runAsUser: 10000", "runAsUser: 0", "it does not run as user and group 10000" },
        { "ip", "type: RuntimeDefault", "type: Unconfined", "its seccomp profile is not RuntimeDefault" },
        { "ip", "readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false", "or write to its root file system" },
        { "ip", "            drop:\n            - ALL", "            drop:\n            - NET_RAW", "it keeps capabilities" },
        { "ip", "            memory: 512Mi", "            cpu: \"1\"\n            memory: 512Mi", "its processor time is limited" },
        { "ip", "0x12C00000", "0x1F400000", "above three quarters of the memory's limit" },
        { "ip", "0x12C00000", "300000000", "no hexadecimal number" },
        { "ip", "maxUnavailable: 0", "maxUnavailable: 1", "maxUnavailable is not 0" },
        { "ip", "enableServiceLinks: false", "enableServiceLinks: true", "variables of Services stand among its settings" },
        { "ip", "- emptyDir:\n          medium: Memory\n          sizeLimit: 1Mi\n        name: tls", "- emptyDir:\n          sizeLimit: 1Mi\n        name: tls", "the volume of its keys is on a disk" },
        { "ip", "defaultMode: 288", "defaultMode: 420", "is mounted with other rights than 0440" },
        { "ip", "unhealthyPodEvictionPolicy: AlwaysAllow", "unhealthyPodEvictionPolicy: IfHealthyBudget", "keeps a machine from being drained" },
        { "ip", "        - mountPath: /run/enmesh/tls\n", "        - mountPath: /run/enmesh/tls\n          subPath: tls\n", "is mounted by subPath" },
        { "statefulset", "podManagementPolicy: Parallel", "podManagementPolicy: OrderedReady", "podManagementPolicy is not Parallel" },
        // Secrets.
        { "ip", "kind: ConfigMap", "kind: Secret", "a secret stands in the manifests" },
        { "ip", "        - name: HOME\n          value: /home/enmesh", "        - name: HOME\n          value: /home/enmesh\n        - name: RELEASE_COOKIE\n          value: x", "hands over a cookie" },
        { "ip", "  Enmesh__Name: enmesh\n", "  Enmesh__Name: enmesh\n  Enmesh__Cookie: abcdefghijklmnopqrstuvwxyz\n", "Enmesh__Cookie has a cookie" },
        { "with-mixed-beam", "exec /app/bin/orders start", "exec /app/bin/orders start --cookie abc", "a cookie stands on its command line" },
        { "with-mixed-beam", "        enmesh/mesh: enmesh\n    spec:", "    spec:", "Deployment orders-elixir: its pods lack the label enmesh/mesh" },
        // Images.
        { "ip", "image: enmesh:0.1.0", "image: enmesh:latest", "has no tag, or one that moves" },
        { "production", "@sha256:0000000000000000000000000000000000000000000000000000000000000000", "", "has no digest" },
        // Settings, as the code reads them.
        { "ip", "Enmesh__DrainDelay", "Enmesh__DrainDelays", "there is no such setting" },
        { "ip", "Enmesh__Port: \"4370\"", "Enmesh__Port: distribution", "is not a whole number" },
        { "ip", "Enmesh__Discovery__pods__Strategy: dns", "Enmesh__Discovery__pods__Strategy: libcluster", "there is no strategy 'libcluster'" },
        { "ip", "Enmesh__Certificate__Issuer", "Enmesh__Certificate__Issuers", "there is no such setting" },
        { "ip", "DOTNET_shutdownTimeoutSeconds", "DOTNET_shutdownTimeout", "nobody reads the variable DOTNET_shutdownTimeout" },
        { "ip", "        - --issuer\n", "        - --issuers\n", "enmesh certs request" },
        { "ip", "Enmesh__Port: \"4370\"", "Enmesh__Port: \"4371\"", "its port dist is 4370, the node listens on 4371" },
        { "ip", "containerPort: 9153", "containerPort: 9154", "its port metrics is 9154, metrics are served on 9153" },
        { "ip", "containerPort: 8080", "containerPort: 8082", "its port http is 8082, the page is served on 8080" },
        { "with-ingress", "Enmesh__Web__PageHosts: enmesh.example.com", "Enmesh__Web__PageHosts: enmesh.example.org", "the page is not served as enmesh.example.com" },
        { "ip", "    port: 4370\n    protocol: TCP\n    targetPort: dist", "    port: 4371\n    protocol: TCP\n    targetPort: dist", "says 4371 in its SRV records" },
        { "ip", "terminationGracePeriodSeconds: 60", "terminationGracePeriodSeconds: 45", "the pod is killed after 45 s" },
        { "ip", "DOTNET_shutdownTimeoutSeconds: \"45\"", "DOTNET_shutdownTimeoutSeconds: \"10\"", "the host gives up after 10 s, while its node drains for 20 s" },
        { "ip", "minReadySeconds: 40", "minReadySeconds: 30", "minReadySeconds is not above 36 s" },
        { "ip", "Enmesh__Discovery__pods__Domains: enmesh-headless", "Enmesh__Discovery__pods__Domains: enmesh", "'enmesh' leads to no headless Service" },
        { "srv", "Enmesh__Discovery__pods__Domains: _dist._tcp.enmesh-headless", "Enmesh__Discovery__pods__Domains: _erl._tcp.enmesh-headless", "has no port for '_erl._tcp.enmesh-headless'" },
        { "ip", "value: /home/enmesh", "value: /home/somebody", "HOME is /home/somebody, where nothing can be written" },
        { "ip", "fsGroup: 10000", "supplementalGroup: 10000", "so the cookie's file is root's alone" },
        { "statefulset", "$(POD_NAME).enmesh-headless", "$(POD_NAMES).enmesh-headless", "speaks of a variable that is not before it" },
        { "with-ssh", "containerPort: 10022", "containerPort: 10023", "its port ssh is 10023, SSH is served on 10022" },
        { "with-ssh", "Enmesh__Ssh__AuthorizedKeysFile: /etc/enmesh/ssh/", "Enmesh__Ssh__AuthorizedKeysFile: /etc/ssh/", "the keys /etc/ssh/authorized_keys come from no volume" },
        { "with-ssh", "Enmesh__Ssh__AuthorizedKeysFile", "Enmesh__Ssh__HostCertificateFile", "nobody has a key to log in with" },
        { "with-ssh", "Enmesh__Ssh__Directory: /run/enmesh/ssh/own", "Enmesh__Ssh__Directories: /run/enmesh/ssh/own", "there is no such setting" },
        { "with-ssh", "Enmesh__Ssh__Directory: /run/enmesh/ssh/own", "Enmesh__Ssh__Directory: /var/ssh", "which is not in memory" },
        { "with-ssh", "image: enmesh-ssh:0.1.0", "image: enmesh:0.1.0", "it serves SSH, and its image has no OpenSSH" },
        { "with-ssh", "        matchLabels:\n          enmesh/ssh: allowed", "        matchLabels: {}", "let a pod of another namespace reach Deployment enmesh on port 10022 (ssh)" },
        // Certificates.
        { "ip", "Enmesh__Tls__CertificateFile: /run/enmesh/tls/tls.crt", "Enmesh__Tls__CertificateFile: /tls/tls.crt", "/tls/tls.crt is in no volume" },
        { "ip", "Enmesh__Certificate__Directory: /run/enmesh/tls", "Enmesh__Certificate__Directory: /run/enmesh", "requested and renewed in different ways" },
        { "ip", "        - certs\n        - request\n", "        - certs\n        - show\n", "nobody puts a certificate into the volume" },
        { "ip", "Enmesh__Tls__CaFile: /etc/enmesh/trust/ca.crt", "Enmesh__Tls__CaFile: /trust/ca.crt", "/trust/ca.crt is in no volume" },
        { "ip", "          - key: tls.crt\n            path: ca.crt", "          - key: tls.key\n            path: ca.crt", "the authority's key comes into the pod" },
        { "ip", "  Enmesh__Name: enmesh\n", "  Enmesh__Name: enmesh\n  Enmesh__Tls__Mode: \"Off\"\n", "TLS is off; only the overlay insecure does without" },
        { "insecure", "  Enmesh__Tls: \"off\"\n", "", "it has no certificate and no trusted authorities" },
        { "statefulset", "${POD_NAME}.enmesh-headless", "${POD_NAME}.enmesh", "the CSI driver names enmesh-0.enmesh.enmesh.svc.cluster.local, the node is at enmesh-0.enmesh-headless." },
        { "statefulset", "csi.cert-manager.io/dns-names: ${POD_NAME}.", "csi.cert-manager.io/dns-names: '*.'\n            x: ", "no release takes a wildcard" },
        { "statefulset", "csi.cert-manager.io/fs-group: \"10000\"", "csi.cert-manager.io/fs-group: \"1000\"", "so the key cannot be read" },
        { "statefulset", "        - name: NODE_HOST", "        - name: NODE_HOSTS", "its name is the pod's address, which the CSI driver does not know" },
        // Rights.
        { "ip", "  - create\n  - get\n  - watch", "  - create\n  - get", "ServiceAccount enmesh: it may not watch certificaterequests.cert-manager.io, which its pods do" },
        { "ip", "  - create\n  - get\n  - watch", "  - create\n  - get\n  - list\n  - watch", "ServiceAccount enmesh: it may list certificaterequests.cert-manager.io, which none of its pods does" },
        { "production", "  - endpointslices\n", "  - pods\n", "it may not list endpointslices.discovery.k8s.io" },
        { "ip", "automountServiceAccountToken: true", "automountServiceAccountToken: false", "it asks the API server, and has no token" },
        { "insecure", "      automountServiceAccountToken: false", "      automountServiceAccountToken: true", "nothing to ask it" },
        { "with-migrations", "  resourceNames:\n  - enmesh-migrations\n  resources:\n  - leases\n  verbs:\n  - get\n", "  resources:\n  - leases\n  verbs:\n  - get\n", "it may get leases.coordination.k8s.io, which none of its pods does" },
        { "with-migrations", "  verbs:\n  - get\n  - patch\n", "  verbs:\n  - get\n", "ServiceAccount enmesh-migrations: it may not patch leases.coordination.k8s.io 'enmesh-migrations'" },
        { "with-migrations", "name: enmesh-migrations-0-1-0", "name: enmesh-migrations-0-0-9", "it is named after 0-0-9, its image is of 0.1.0" },
        { "with-migrations", "app.kubernetes.io/version: 0.1.0", "app.kubernetes.io/version: 0.0.9", "is not of version 0.0.9" },
        { "with-migrations", "app.kubernetes.io/version: 0.1.0", "app.kubernetes.io/versions: 0.1.0", "IMAGE_VERSION is of a label that its pods do not have" },
        { "with-migrations", "        - --done\n", "        - --do\n", "enmesh lease" },
        // Policies.
        { "ip", "  - from:\n    - podSelector:\n        matchLabels:\n          enmesh/mesh: enmesh\n    ports:\n    - port: 4370", "  - from:\n    - podSelector:\n        matchLabels:\n          enmesh/mesh: enmesh\n    ports:\n    - port: 4371", "the policies keep Deployment enmesh from Deployment enmesh on port 4370" },
        { "ip", "    - port: 8081\n", "    - port: 8082\n", "keep the kubelet's probes from Deployment enmesh" },
        { "ip", "  - from:\n    - podSelector:\n        matchLabels:\n          enmesh/mesh: enmesh\n    ports:", "  - ports:", "let anybody outside reach Deployment enmesh on port 4370 (dist)" },
        { "ip", "    - port: 53\n      protocol: TCP", "    - port: 5353\n      protocol: TCP", "from asking the name servers over UDP and TCP" },
        { "ip", "        matchLabels:\n          enmesh/metrics: allowed", "        matchLabels: {}", "let a pod of another namespace reach Deployment enmesh on port 9153 (metrics)" },
        { "insecure", "      enmesh/api-server: allowed\n  policyTypes", "      app.kubernetes.io/part-of: enmesh\n  policyTypes", "let Deployment enmesh out to any address on port 443" },
        { "with-epmd", "endPort: 9105", "endPort: 9103", "from Deployment enmesh on port 9104" },
    };

    [Theory]
    [MemberData(nameof(Texts))]
    public void What_is_broken_is_said(string overlay, string good, string bad, string said)
    {
        var yaml = overlays.Yaml(overlay);
        Assert.Contains(good, yaml, StringComparison.Ordinal);
        var problems = Program.Check(Rendering.Parse(overlay, yaml.Replace(good, bad, StringComparison.Ordinal)), Kinds).ToList();
        Assert.Contains(problems, problem => problem.Contains(said, StringComparison.Ordinal));
    }
}
