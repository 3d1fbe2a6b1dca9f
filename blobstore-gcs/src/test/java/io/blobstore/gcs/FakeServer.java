package io.blobstore.gcs;

import io.blobstore.gcs.fake.FakeCredentials;
import io.blobstore.gcs.fake.FakeGcs;
import io.blobstore.http.TestAuthority;
import io.blobstore.http.objects.VirtualRetryClock;
import java.io.IOException;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * A fake of Cloud Storage for each test, with one bucket. To be registered as an extension of the instance, so that it
 * starts after the first snapshot of the leak check and ends before the second, which would count its threads and
 * sockets.
 */
final class FakeServer implements BeforeEachCallback, AfterEachCallback {
    static final String BUCKET = "some-bucket";

    /** The account of all tests, as generating its key takes time. */
    static final FakeCredentials ACCOUNT = new FakeCredentials();

    private final boolean secure;
    private FakeGcs server;

    private FakeServer(boolean secure) {
        this.secure = secure;
    }

    static FakeServer plain() {
        return new FakeServer(false);
    }

    static FakeServer secure() {
        return new FakeServer(true);
    }

    FakeGcs get() {
        return server;
    }

    /** Returns a builder of stores in the bucket, as of those of Google, with credentials that can sign. */
    GcsBlobStore.Builder store() {
        return GcsBlobStore.builder(BUCKET)
                .retryClock(new VirtualRetryClock())
                .endpoint(server.endpoint())
                .nativeConditions(true)
                .credentials(ACCOUNT)
                .trustManagers(TestAuthority.get().trustManagers());
    }

    @Override
    public void beforeEach(ExtensionContext context) throws IOException {
        server = secure
                ? FakeGcs.startSecure(TestAuthority.get().serverContext(TestAuthority.Identity.SERVER))
                : FakeGcs.start();
        server.createBucket(BUCKET);
        server.trustSigner(ACCOUNT.getAccount(), ACCOUNT.publicKey());
    }

    @Override
    public void afterEach(ExtensionContext context) throws IOException {
        server.close();
    }
}
