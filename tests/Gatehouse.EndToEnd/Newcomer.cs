using Xunit;

namespace Gatehouse.EndToEnd;

/// <summary>A bare Debian with the package, for answers as users have them; a client that is a stranger, a relay network and a balancer, by
/// the address it uses; and the mail host behind.</summary>
public sealed class Newcomer : IDisposable
{
    public const string Name = "e2e-n1";
    public const string Client = "e2e-n2";
    public const string Sink = "e2e-n3";
    public const string Address = "10.77.0.195";
    public const string Stranger = "10.77.0.196";
    public const string Relay = "10.77.0.201";
    public const string Balancer = "10.77.0.206";
    public const string Answers = "/root/answers.yaml";
    private readonly IDisposable names;

    public Newcomer()
    {
        if (Environment.UserName != "root")
            throw new InvalidOperationException("the lab needs root: sudo ./build.sh test");
        Lab.Up("bare", $"{Name}={Address}");
        Lab.Up("full", $"{Client}={Stranger}", $"{Sink}=10.77.0.197");
        // Where the relay network's mail goes, and what comes back to senders.
        names = Lab.Dns("foreign.example MX 10 n3.lab.example.", "mail.remote.example A 10.77.0.197");
        Beginning.MailHost(Sink);
        Beginning.Install(Name);
        foreach (var address in new[] { Relay, Balancer })
            Lab.Exec(Client, "ip", "address", "add", $"{address}/24", "dev", "eth0").Expect(0);
        Lab.Push(Client, Lab.File("Hosts", "conversations.py"), "/root/conversations.py");
    }

    /// <summary>Applies answers, which has to work.</summary>
    public static Result Apply(string answers)
    {
        Lab.Write(Name, Answers, answers, "0600");
        return Lab.Exec(Name, "gatehouse", "apply", Answers, "--yes").Expect(0);
    }

    /// <summary>Has the scanner forget what it learned: after many sets of answers with spam in each, plain words would look like
    /// it.</summary>
    public static void Forget() =>
        Assert.Equal(
            "OK\n",
            Lab.Shell(Name, "REDISCLI_AUTH=$(cat /etc/gatehouse/secrets/redis-password) redis-cli flushall").Expect(0).Output
        );

    /// <summary>Sends a message from one of the client's addresses; the SMTP dialogue is the output.</summary>
    public static Result Send(string source, string to, string subject, string body, params string[] more) =>
        Lab.Exec(
            Client,
            [
                "swaks",
                "--server",
                Address,
                "--local-interface",
                source,
                "--helo",
                "mail.remote.example",
                "--from",
                "sender@remote.example",
                "--to",
                to,
                "--header",
                $"Subject: {subject}",
                "--body",
                body,
                .. more,
            ]
        );

    /// <summary>The messages that reached the mail host.</summary>
    public static string Delivered() => Lab.Exec(Sink, "cat", "/var/mail/sink").Expect(0).Output;

    /// <summary>Waits for a message at the mail host.</summary>
    public static string Arrived(string subject)
    {
        Lab.Until($"delivery of '{subject}'", TimeSpan.FromSeconds(30), () => Delivered().Contains(subject, StringComparison.Ordinal));
        return Delivered().Split("\nFrom ").Last(m => m.Contains(subject, StringComparison.Ordinal));
    }

    public void Dispose()
    {
        // The lab's name server ends with the last host.
        names.Dispose();
        Lab.Down(Name, Client, Sink);
    }
}

/// <summary>These stories share one gateway, and each begins with answers of its own.</summary>
[CollectionDefinition(Name)]
public sealed class NewcomerStories : ICollectionFixture<Newcomer>
{
    public const string Name = "newcomer";
}
