using System.CommandLine;
using System.Net;
using Gatehouse.Cluster.Applying;
using Gatehouse.Cluster.Membership;
using Gatehouse.Core.Rendering;
using Gatehouse.Core.Settings;
using Gatehouse.Core.Values;
using Gatehouse.Printing;
using Gatehouse.Terminal;

namespace Gatehouse.Commands;

/// <summary><c>gatehouse render balancer</c> and <c>gatehouse render consul</c>: files for what stands outside of the cluster.</summary>
internal static class RenderForeignCommand
{
    public static Command Balancer()
    {
        var file = AnswersInput.Optional();
        var output = Output();
        var addresses = new Option<string[]>("--address")
        {
            Description = "An address of that host, to listen on and to connect from; by default all. May be given several times.",
            HelpName = "ADDRESS",
        };
        addresses.Validators.Add(result =>
        {
            foreach (var token in result.Tokens.Where(t => !Addresses.TryParse(t.Value, out _)))
                result.AddError($"--address {token.Value}: not an IPv4 or IPv6 address");
        });
        var command = new Command(
            "balancer",
            """
            Prints a HAProxy configuration for a host that is not a member: it distributes mail and web connections over the nodes
            and passes the client's address in a PROXY header. List its address in mta.load_balancers and web.load_balancers.

            Example: gatehouse render balancer --address 192.0.2.5 --output haproxy.cfg
            """
        )
        {
            file,
            output,
            addresses,
        };
        command.SetAction(parse =>
        {
            IPAddress[] own =
            [
                .. (parse.GetValue(addresses) ?? []).Select(a =>
                    Addresses.TryParse(a, out var address) ? address : throw new FormatException($"{a} is not an address")
                ),
            ];
            return Write(
                parse,
                parse.GetValue(file),
                parse.GetValue(output),
                settings =>
                {
                    Warn(settings, own);
                    return ForeignFiles.Balancer(Templates(parse), settings, [.. own]);
                },
                "there is nothing to balance: no node runs mail or web, or balancer.ports lists none of their ports."
            );
        });
        return command;
    }

    public static Command Consul()
    {
        var file = AnswersInput.Optional();
        var output = Output();
        var command = new Command(
            "consul",
            """
            Prints the service definitions of this node for a Consul agent, with the tags for Fabio's routing. Put the file into the
            agent's configuration directory, usually /etc/consul.d; with 'balancer.consul', every node writes it there itself.

            Example: gatehouse render consul --output /etc/consul.d/gatehouse.json
            """
        )
        {
            file,
            output,
        };
        command.SetAction(parse =>
            Write(
                parse,
                parse.GetValue(file),
                parse.GetValue(output),
                settings => ForeignFiles.Consul(Templates(parse), settings),
                "this node runs neither mail nor web, so there are no services to define."
            )
        );
        return command;
    }

    private static Option<string?> Output() =>
        new("--output", "-o") { Description = "The file to write; without it, standard output.", HelpName = "FILE" };

    private static TemplateSet Templates(ParseResult parse) => Shipped.Templates(GlobalOptions.Machine(parse).Real(Shipped.SiteTemplates));

    private static int Write(ParseResult parse, string? file, string? output, Func<GatewaySettings, string?> render, string nothing)
    {
        if (AnswersInput.Look(parse, file) is not { } settings)
            return ExitCodes.BadInput;
        if (render(settings) is not { } text)
        {
            Console.Error.WriteLine($"gatehouse: {nothing}");
            return ExitCodes.BadInput;
        }

        if (output is null)
            Console.Out.Write(text);
        else
        {
            try
            {
                File.WriteAllText(output, text);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                Console.Error.WriteLine($"gatehouse: {output} cannot be written: {e.Message}");
                return ExitCodes.Failed;
            }
        }

        return ExitCodes.Done;
    }

    // The nodes hang up on a header from anybody whom they do not know.
    private static void Warn(GatewaySettings settings, IPAddress[] own)
    {
        var strange = own.Where(a => settings.Mta?.LoadBalancers.Contains(a) == false || settings.Web?.LoadBalancers.Contains(a) == false)
            .ToArray();
        if (own.Length == 0)
            Console.Error.WriteLine(
                "gatehouse: add the host's address to mta.load_balancers and web.load_balancers; otherwise the nodes accept "
                    + "nothing from it."
            );
        else if (strange.Length > 0)
            Console.Error.WriteLine(
                $"gatehouse: {string.Join(", ", strange.AsEnumerable())} is not in mta.load_balancers and web.load_balancers "
                    + "yet; until it is, the nodes accept nothing from it."
            );
    }
}
