using System.Security.Cryptography.X509Certificates;
using Gatehouse.Agent;
using Gatehouse.Core.Trust;
using Gatehouse.Tests.Trust;

namespace Gatehouse.Tests.Agent;

/// <summary>A member's certificates in a directory, as on a host.</summary>
internal sealed class TestMember : IDisposable
{
    private readonly string directory = Directory.CreateTempSubdirectory("gatehouse-member").FullName;
    private readonly SampleCluster cluster;

    public TestMember(SampleCluster cluster, int number, long? epoch = null)
    {
        this.cluster = cluster;
        using var key = SampleCluster.Key();
        using var certificate = cluster.Issuing.MakeNode(
            cluster.Node(number, epoch),
            new PublicKey(key),
            SampleCluster.Serial(),
            DateTimeOffset.UtcNow
        );
        Serial = SerialNumber.Of(certificate);
        Write("node.crt", $"{certificate.ExportCertificatePem()}\n{cluster.Issuing.Certificate.ExportCertificatePem()}\n");
        Write("node.key", key.ExportPkcs8PrivateKeyPem());
        Write("cluster-ca.pem", cluster.RootPem);
        Write("cluster.crl", cluster.Lists());
    }

    public SerialNumber Serial { get; }

    /// <summary>What it shows now; read anew every time, as the agent does after a change.</summary>
    public Credentials Read() => Credentials.Read(directory);

    /// <summary>It learns which certificates are revoked.</summary>
    public void Learn(params SerialNumber[] revoked) => Write("cluster.crl", cluster.Lists(revoked, number: 2));

    public void Dispose() => Directory.Delete(directory, recursive: true);

    private void Write(string name, string text) => File.WriteAllText(Path.Combine(directory, name), text);
}
