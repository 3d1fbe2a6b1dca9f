package io.blobstore.http;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The hosts of {@code NO_PROXY}, separated by commas or white space. An entry is a name, which includes its subdomains;
 * {@code *.name} for the subdomains alone; an IP address; a range of addresses, as in {@code 10.0.0.0/8}; or {@code *}
 * for all. A leading dot is ignored, as by curl. With {@code :port}, an entry is for that port only; the address in it
 * is then in brackets if it is IPv6.
 *
 * <p>Names are not resolved: an address matches only a host that is written as an address.
 */
record ProxyExceptions(String text) {
    private static final Pattern IPV4 = Pattern.compile("\\d{1,3}(\\.\\d{1,3}){3}");
    private static final Pattern IPV6 = Pattern.compile("[0-9a-f.]*:[0-9a-f:.]*(%[0-9a-z]+)?");
    /** A host, perhaps in brackets, and a port. An address of IPv6 without brackets has no port. */
    private static final Pattern WITH_PORT = Pattern.compile("(\\[[^]]*]|[^:\\[]*):(\\d{1,5})");

    /** Returns whether an endpoint is among the hosts. */
    boolean include(Endpoint target) {
        for (String entry : text.toLowerCase(Locale.ROOT).split("[,\\s]+", -1)) {
            Matcher withPort = WITH_PORT.matcher(entry);
            if (!withPort.matches()) {
                if (includes(entry, target.host())) {
                    return true;
                }
            } else if (Integer.parseInt(withPort.group(2)) == target.port()
                    && includes(withPort.group(1), target.host())) {
                return true;
            }
        }
        return false;
    }

    private static boolean includes(String entry, String host) {
        if (entry.equals("*")) {
            return true;
        }
        Optional<InetAddress> address = address(host);
        return address.isPresent() ? includes(entry, address.get()) : includesName(withoutDot(entry), withoutDot(host));
    }

    /** Returns a name without the dot at its end, which makes a name of DNS absolute. */
    private static String withoutDot(String name) {
        return name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
    }

    private static boolean includesName(String entry, String host) {
        if (entry.startsWith("*.")) {
            return host.endsWith(entry.substring(1));
        }
        String name = entry.startsWith(".") ? entry.substring(1) : entry;
        return !name.isEmpty() && (host.equals(name) || host.endsWith("." + name));
    }

    private static boolean includes(String entry, InetAddress host) {
        int slash = entry.indexOf('/');
        Optional<InetAddress> network = address(slash < 0 ? entry : entry.substring(0, slash));
        if (network.isEmpty()) {
            return false;
        }
        byte[] expected = network.get().getAddress();
        int bits = expected.length * Byte.SIZE;
        if (slash >= 0) {
            String length = entry.substring(slash + 1);
            if (!length.matches("\\d{1,3}") || Integer.parseInt(length) > bits) {
                return false;
            }
            bits = Integer.parseInt(length);
        }
        return isPrefix(expected, bits, host.getAddress());
    }

    private static boolean isPrefix(byte[] expected, int bits, byte[] address) {
        if (expected.length != address.length) {
            return false;
        }
        for (int i = 0; i < bits; i++) {
            int mask = 0x80 >> (i % Byte.SIZE);
            if (((expected[i / Byte.SIZE] ^ address[i / Byte.SIZE]) & mask) != 0) {
                return false;
            }
        }
        return true;
    }

    /** Returns the address that a host is written as, perhaps in brackets; empty for a name, which is not resolved. */
    static Optional<InetAddress> address(String host) {
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        if (!IPV4.matcher(bare).matches() && !IPV6.matcher(bare).matches()) {
            return Optional.empty();
        }
        boolean ipv6 = bare.contains(":");
        if (!ipv6 && Arrays.stream(bare.split("\\.", -1)).anyMatch(number -> Integer.parseInt(number) > 255)) {
            return Optional.empty(); // no address: it would be resolved
        }
        try {
            return Optional.of(InetAddress.getByName(ipv6 ? "[" + bare.replaceFirst("%.*", "") + "]" : bare));
        } catch (UnknownHostException e) {
            return Optional.empty();
        }
    }
}
