package io.blobstore.server.internal;

import at.favre.lib.crypto.bcrypt.BCrypt;
import io.blobstore.Sha256;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;

/** The users of a file that {@code htpasswd -B} writes, and which passwords were right so far. Thread-safe. */
final class Passwords {
    private static final Pattern BCRYPT = Pattern.compile("\\$2[aby]\\$(0[4-9]|1[0-9])\\$[./A-Za-z0-9]{53}");
    private static final int SALT_BYTES = 16;
    private static final int MAX_REMEMBERED = 1024;

    private final Map<String, String> hashes;
    /** Compared with the password of a user that there is not, which then takes as long as a wrong password. */
    private final String otherHash;

    private final byte[] salt = new byte[SALT_BYTES];
    /** Salted hashes of credentials that were right; none of those that were wrong. */
    private final Set<Sha256> right = ConcurrentHashMap.newKeySet();

    private Passwords(Map<String, String> hashes) {
        this.hashes = hashes;
        this.otherHash = hashes.values().iterator().next();
        new SecureRandom().nextBytes(salt);
    }

    /**
     * Reads a file: a line {@code user:hash} for each user, and comments.
     *
     * @throws IOException if it cannot be read, or has anything else
     */
    static Passwords read(Path file) throws IOException {
        Map<String, String> hashes = new HashMap<>();
        int number = 0;
        for (String line : Files.readAllLines(file, StandardCharsets.UTF_8)) {
            number++;
            String text = line.strip();
            if (text.isEmpty() || text.startsWith("#")) {
                continue;
            }
            int colon = text.indexOf(':');
            if (colon < 1 || !BCRYPT.matcher(text.substring(colon + 1)).matches()) {
                throw new IOException(file + ", line " + number
                        + ": 'user:' and a bcrypt hash is needed; create it with: htpasswd -B " + file + " user");
            }
            hashes.put(text.substring(0, colon), text.substring(colon + 1));
        }
        if (hashes.isEmpty()) {
            throw new IOException(file + " has no user; add one with: htpasswd -B " + file + " user");
        }
        return new Passwords(Map.copyOf(hashes));
    }

    /** Returns whether credentials were right before. Fast. */
    boolean remembers(Credentials credentials) {
        return right.contains(salted(credentials));
    }

    /** Checks credentials; takes a tenth of a second of processor time, depending on the hash. */
    boolean check(Credentials credentials) {
        String hash = hashes.get(credentials.user());
        byte[] password = credentials.password().getBytes(StandardCharsets.UTF_8);
        boolean matches = BCrypt.verifyer()
                .verify(password, (hash == null ? otherHash : hash).getBytes(StandardCharsets.US_ASCII))
                .verified;
        if (!matches || hash == null) {
            return false;
        }
        if (right.size() >= MAX_REMEMBERED) {
            right.clear();
        }
        right.add(salted(credentials));
        return true;
    }

    private Sha256 salted(Credentials credentials) {
        MessageDigest digest = Sha256.newMessageDigest();
        digest.update(salt);
        digest.update(credentials.user().getBytes(StandardCharsets.UTF_8));
        digest.update((byte) 0);
        digest.update(credentials.password().getBytes(StandardCharsets.UTF_8));
        return Sha256.ofBytes(digest.digest());
    }

    @Override
    public String toString() {
        return "Passwords[" + hashes.size() + " users]";
    }
}
