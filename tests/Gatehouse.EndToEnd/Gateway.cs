using Xunit;

[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Gatehouse.EndToEnd;

/// <summary>A gateway between a client and a mail host, with a load balancer in front: set up once, from a bare Debian and the
/// package.</summary>
public sealed class Gateway : IDisposable
{
    public const string Name = "e2e-mx";
    public const string Client = "e2e-client";
    public const string Sink = "e2e-sink";
    public const string Balancer = "e2e-lb";
    public const string Address = "10.77.0.121";
    public const string Answers = "/root/answers.yaml";

    /// <summary>A line that the administrator wrote into /etc/hosts before the gateway was set up.</summary>
    public const string OwnHost = "10.1.1.5 backup.corp.example.org backup";

    private readonly string password = $"Canary-{Guid.NewGuid():N}";

    public Gateway()
    {
        if (Environment.UserName != "root")
            throw new InvalidOperationException("the lab needs root: sudo ./build.sh test");
        Lab.Up("bare", $"{Name}={Address}");
        Lab.Up("full", $"{Client}=10.77.0.130", $"{Sink}=10.77.0.140", $"{Balancer}=10.77.0.150");
        StartSink();
        Lab.Push(Balancer, Lab.File("Hosts", "haproxy.cfg"), "/etc/haproxy/haproxy.cfg");
        Lab.Exec(Balancer, "systemctl", "restart", "haproxy").Expect(0);

        Lab.Push(Name, Package(), "/root/gatehouse.deb");
        Installation = Lab.Exec(Name, "apt-get", "install", "-y", "/root/gatehouse.deb").Expect(0);
        Lab.Write(Name, "/root/web-password", Password, "0600");
        Lab.Shell(
                Name,
                $"echo '{OwnHost}' >> /etc/hosts; echo 'search corp.example.org' >> /etc/resolv.conf; mkdir -p /etc/cloud/cloud.cfg.d"
            )
            .Expect(0);
        // As users begin: with everything that the example leaves at its default, greylisting among it.
        Lab.Write(Name, Answers, Example.For("standalone.yaml"));
        FirstApply = Lab.Exec(Name, "gatehouse", "apply", Answers);
        Reset();
        Apply();
    }

    /// <summary>The administrator's password, planted to be looked for where it must not be.</summary>
    public string Password => password;

    public Result Installation { get; }

    public Result FirstApply { get; }

    /// <summary>The newest package that was built.</summary>
    public static string Package()
    {
        var output = Environment.GetEnvironmentVariable("GATEHOUSE_OUT") ?? Path.Combine(Lab.Root(), "out");
        return Directory.GetFiles(output, "gatehouse_*_amd64.deb").OrderBy(System.IO.File.GetLastWriteTimeUtc).LastOrDefault()
            ?? throw new InvalidOperationException("there is no package in out/: run ./build.sh deb");
    }

    /// <summary>Puts the story's answers back on the host.</summary>
    public static void Reset() => Lab.Write(Name, Answers, Example.With(Changes()));

    /// <summary>Changes a line of the answers on the host.</summary>
    public static void Edit(string from, string to)
    {
        var text = Changes();
        Assert.Contains(from, text, StringComparison.Ordinal);
        Lab.Write(Name, Answers, Example.With(text.Replace(from, to, StringComparison.Ordinal)));
    }

    // A client that was greylisted once is deferred for minutes, whatever it sends next: stories about other things do without.
    private static string Changes() =>
        System
            .IO.File.ReadAllText(Lab.File("Answers", "standalone.yaml"))
            .Replace("scanner:\n", "scanner:\n  greylisting: false\n", StringComparison.Ordinal);

    public static Result Run(params string[] arguments) => Lab.Exec(Name, ["gatehouse", .. arguments]);

    /// <summary>Applies the answers on the host. What DNS and destinations say is for the stories about that.</summary>
    public static Result Apply() => Run("apply", Answers, "--no-network-checks");

    /// <summary>Brings the gateway back to the story's answers, whatever a test did to it.</summary>
    public static void Restore()
    {
        Lab.Exec(Name, "rm", "-rf", "/etc/gatehouse/templates").Expect(0);
        Reset();
        Apply().Expect(0);
    }

    /// <summary>A hash over all files below /etc that Gatehouse manages, with owner and mode.</summary>
    public static string Fingerprint() =>
        Lab.Shell(
                Name,
                "cd /; find etc/exim4 etc/gatehouse etc/nginx etc/rspamd etc/redis etc/clamav etc/chrony etc/systemd/system etc/hostname "
                    + "etc/hosts etc/resolv.conf -printf '%p %M %u %g %l\\n' -type f -exec sha256sum {} \\; | LC_ALL=C sort | sha256sum"
            )
            .Expect(0)
            .Output;

    /// <summary>Sends a message from the client; the SMTP dialogue is the output.</summary>
    public static Result Send(string to, string subject, string body, string server = Address, params string[] more) =>
        Lab.Exec(
            Client,
            [
                "swaks",
                "--server",
                server,
                "--helo",
                "client.lab.example",
                "--from",
                "sender@client.example",
                "--to",
                to,
                "--header",
                $"Subject: {subject}",
                "--body",
                body,
                .. more,
            ]
        );

    public static string Log() => Lab.Exec(Name, "cat", "/var/log/exim4/mainlog").Expect(0).Output;

    /// <summary>The messages that reached the mail host.</summary>
    public static string Delivered() => Lab.Exec(Sink, "cat", "/var/mail/sink").Expect(0).Output;

    public void Dispose() => Lab.Down(Name, Client, Sink, Balancer);

    private static void StartSink()
    {
        Lab.Push(Sink, Lab.File("Hosts", "sink.conf"), "/etc/exim4/exim4.conf");
        Lab.Shell(
                Sink,
                "openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=sink.lab.example -keyout /etc/exim4/sink.pem -out "
                    + "/etc/exim4/sink.crt 2>/dev/null && cat /etc/exim4/sink.crt >> /etc/exim4/sink.pem && chgrp Debian-exim "
                    + "/etc/exim4/sink.pem && chmod 640 /etc/exim4/sink.pem"
            )
            .Expect(0);
        Lab.Shell(
                Sink,
                "chown root:Debian-exim /etc/exim4/exim4.conf && chmod 640 /etc/exim4/exim4.conf && touch /var/mail/sink && chown "
                    + "mail:mail /var/mail/sink && systemctl start exim4"
            )
            .Expect(0);
    }
}

/// <summary>All stories share one gateway and run one after the other.</summary>
[CollectionDefinition(Name)]
public sealed class GatewayStories : ICollectionFixture<Gateway>
{
    public const string Name = "gateway";
}
