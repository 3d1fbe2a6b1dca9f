package io.blobstore.s3;

import io.blobstore.BlobStore;
import io.blobstore.contract.CampaignScale;
import io.blobstore.contract.ProcessMaps;
import io.blobstore.http.CancelledUploads;
import io.blobstore.http.CancelledUploads.Series;
import io.blobstore.http.ScriptedServer;
import io.blobstore.http.ScriptedUploads;
import io.blobstore.http.TestAuthority;
import io.blobstore.http.TlsEngine;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Cancels uploads, a thousand in the campaign tier, at random points, and unmaps their memory immediately. */
@Tag("jdk")
class UploadCancelCrashTest {
    @TempDir
    private Path directory;

    @Test
    void cancellingAnUploadAtAnyPointAndUnmappingIsSafe() throws Exception {
        ProcessMaps.assumeReadable();

        CancelledUploads.requireSurvival(
                Child.class,
                directory,
                new Series(TlsEngine.OPENSSL, false, CampaignScale.of(600)),
                new Series(TlsEngine.OPENSSL, true, CampaignScale.of(400)));
    }

    /** The process that may crash. */
    static final class Child extends CancelledUploads {
        private Child() {
            super(new ScriptedUploads());
        }

        public static void main(String[] args) throws Exception {
            main(Child::new, args);
        }

        @Override
        protected BlobStore open(ScriptedServer server) throws IOException {
            return ScriptedS3.store(server)
                    .trustManagers(TestAuthority.get().trustManagers())
                    .open();
        }
    }
}
