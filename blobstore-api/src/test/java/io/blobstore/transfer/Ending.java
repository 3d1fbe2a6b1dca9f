package io.blobstore.transfer;

import java.io.IOException;

/** The ways in which a transfer may end, each caused from inside one of its requests. */
enum Ending {
    SUCCESS {
        @Override
        void reach(Transfer<?> transfer) {}
    },
    CANCELLATION {
        @Override
        void reach(Transfer<?> transfer) {
            transfer.cancel();
        }
    },
    FAILURE {
        @Override
        void reach(Transfer<?> transfer) throws IOException {
            throw ScriptedStore.failure("for good", false);
        }
    };

    abstract void reach(Transfer<?> transfer) throws IOException;
}
