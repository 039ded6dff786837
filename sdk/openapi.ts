// Generated from the routes by `npm run golden`. Do not edit; change a route instead.

export interface paths {
    "/errors": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Every code a problem may carry, with its status and what to do. */
        get: operations["listErrorCodes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/errors/{code}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a code means; the `type` of every problem leads here. */
        get: operations["getErrorCode"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the process is up. */
        get: operations["getHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Metrics in the text format of Prometheus. */
        get: operations["getMetrics"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Whether the server can do its work, and if not, why. */
        get: operations["getReadiness"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The accounts of a book, oldest first. */
        get: operations["listAccounts"];
        put?: never;
        /** Opens an account. Send an Idempotency-Key, or choose the id. */
        post: operations["openAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One account with its balances, now or as they were at a time. */
        get: operations["getAccount"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Closes an empty account for good. */
        post: operations["closeAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/freeze": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets money in and none out, as a court order asks. */
        post: operations["freezeAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/statement": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What moved on an account, newest first, with the balance after each line. */
        get: operations["getStatement"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/accounts/{id}/unfreeze": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Lets money out of a frozen account again. */
        post: operations["unfreezeAccount"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approval-policies": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who has to agree to what, as a document and as sentences. */
        get: operations["getApprovalPolicies"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approvals": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Requests for approval, the newest first. */
        get: operations["listApprovals"];
        put?: never;
        /** Asks for an action that other persons have to agree to. */
        post: operations["requestApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approvals/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A request: its content and hash, what it did and would do, decisions and history. */
        get: operations["getApproval"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approvals/{id}/approve": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Agrees to what you saw. The last approval that is needed has it carried out. */
        post: operations["approveApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approvals/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Withdraws your request. */
        post: operations["cancelApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approvals/{id}/edit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Voids your request and asks for other content instead. Answers with the new one. */
        post: operations["editApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/approvals/{id}/reject": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Refuses what you saw, and says why. */
        post: operations["rejectApproval"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who did what to what, from where, and what it was before and after; the newest first. */
        get: operations["listAuditEntries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/audit/checkpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The last signed checkpoints over all chains, the newest first. Keep one elsewhere. */
        get: operations["listAuditCheckpoints"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/links/open": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What a link is for, with a fresh seed of one-time codes. Does not use it up. */
        post: operations["openLink"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/links/passkey": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Keeps a passkey, uses the link up and signs in. */
        post: operations["enrolPasskey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/links/passkey/options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What the browser makes the passkey of a link from. */
        post: operations["askEnrolmentPasskey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/links/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sets password and one-time codes, uses the link up and signs in. */
        post: operations["enrolPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/passkey/options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A challenge for any passkey of this site. The same for everybody. */
        post: operations["askPasskey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/passkey/verify": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Signs in by a passkey and sets the cookie of the session. */
        post: operations["signInByPasskey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/passkeys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The user's passkeys. */
        get: operations["listOwnPasskeys"];
        put?: never;
        /** Keeps a further passkey. */
        post: operations["addPasskey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/passkeys/options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** What the browser makes a further passkey from. */
        post: operations["askNewPasskey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/passkeys/remove": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes a passkey away, unless it is the last way in. */
        post: operations["removePasskey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/password": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Signs in by login, password and one-time code, and sets the cookie of the session. */
        post: operations["signInByPassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/password/change": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sets another password and ends all other sessions of the user. */
        post: operations["changePassword"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who is signed in, for which organisation, and what he may do. */
        get: operations["getSession"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/sessions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Where the user is signed in. */
        get: operations["listOwnSessions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/sessions/{id}/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends a session of the user. */
        post: operations["endOwnSession"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/sign-out": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends the session and takes its cookie away. Also when there is none. */
        post: operations["signOut"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/step-up/code": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Proves presence by a one-time code; the session gets a new cookie. */
        post: operations["stepUpByCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/step-up/passkey": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Proves presence by a passkey; the session gets a new cookie. */
        post: operations["stepUpByPasskey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/auth/step-up/passkey/options": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A challenge for one of the user's own passkeys. */
        post: operations["askPasskeyForStepUp"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/books": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All books, oldest first. */
        get: operations["listBooks"];
        put?: never;
        /** Opens a book with the single accounts of its chart. */
        post: operations["createBook"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/books/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One book. */
        get: operations["getBook"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/books/{id}/close-period": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Refuses from now on what is effective before a time. A closed period stays closed. */
        post: operations["closePeriod"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/books/{id}/proofs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What must be equal in a book, both sides as sums, and whether they are. */
        get: operations["getProofs"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/books/{id}/trial-balance": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Debits, credits and balance of every account, now or at a time, and their sums. */
        get: operations["getTrialBalance"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/channels/{channel}/callbacks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes a callback of a payment channel, in its own words, signed over its bytes. */
        post: operations["takeCallback"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/channels/{channel}/notices": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes a notice of a bank, signed over its bytes as its channel agreed. */
        post: operations["takeNotice"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/codes/inbox": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Response codes that came and stand in no list, the most frequent first. */
        get: operations["listUnmappedCodes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/codes/inbox/{channel}/{direction}/{code}/classification": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Says what a code means. Success rates follow at once, those of the past too. */
        post: operations["classifyCode"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Events as they were told, the latest first. */
        get: operations["listEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An event as it was told. */
        get: operations["readEvent"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/events/{id}/resend": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends an event again to every endpoint and listener that wants its type. */
        post: operations["resendEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/exceptions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What needs a person in a book, the nearest deadline first. */
        get: operations["listExceptions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/exceptions/{id}/resolution": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Resolves an exception by one of the actions of its kind. */
        post: operations["resolveException"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/holds/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One hold. Its id is that of the transfer that opened it, with the prefix hold. */
        get: operations["getHold"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/holds/{id}/release": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Releases parts of a hold, each to an account, or all that is left. */
        post: operations["releaseHold"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/holds/{id}/void": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives what is left of a hold back to its debit account. */
        post: operations["voidHold"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** API keys, the newest first; a merchant sees its own. */
        get: operations["listKeys"];
        put?: never;
        /** Makes an API key. Its secret is in the answer and nowhere else. */
        post: operations["createKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{id}/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends an API key at once and for good. */
        post: operations["revokeKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/keys/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes a second key like this one; the old one still opens for a while. */
        post: operations["rotateKey"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/payment-plans": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Splits an amount above the limits of one payment into legs that sum to it. */
        post: operations["createPaymentPlan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/payment-plans/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A payment plan with its legs. */
        get: operations["getPaymentPlan"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/payment-plans/{id}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Closes a plan that is not paid in full, the payments of its legs first. */
        post: operations["closePaymentPlan"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/payment-plans/{id}/legs/{number}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Changes the amount of a leg, or pays it. A leg is paid by one payment at a time. */
        post: operations["changePaymentPlanLeg"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/payments": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Opens a payment and asks a channel to collect it; one key makes one payment. */
        post: operations["createPayment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/payments/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One payment with its attempts, and why each went over its channel. */
        get: operations["getPayment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/payments/{id}/attempts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** One more attempt at a payment, in another way; the payer may have paid the first. */
        post: operations["createAttempt"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/payments/{id}/close": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Closes an unpaid payment, at its channels first. Sent again it answers the same. */
        post: operations["closePayment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/payouts": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Reserves money and pays it out; one key makes one payout. It waits for cleared cash. */
        post: operations["createPayout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/payouts/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One payout with its attempts, and whether it came back. */
        get: operations["getPayout"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/payouts/{id}/approval": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A second person lets a payout go. */
        post: operations["approvePayout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/payouts/{id}/cancellation": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives up a payout that waits and has not been sent. */
        post: operations["cancelPayout"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/refunds": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives money back over one or many payments; one key makes one refund. */
        post: operations["createRefund"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/refunds/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One refund with its parts, and by which way each goes back. */
        get: operations["getRefund"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/refunds/{id}/approval": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A second person lets parts whose way back is closed be paid out to the payer. */
        post: operations["approveRefund"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/roles": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The roles there are, and what each may do. */
        get: operations["listRoles"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/routing/decisions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Which channel would take a payment now, and why each other one would not. Sends nothing. */
        post: operations["previewRouteDecision"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/routing/health": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How channels do lately, counting only failures they caused, with their breakers. */
        get: operations["listChannelHealth"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/routing/learnt": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What channels refused for lack of permission, until when it is believed, and on what evidence. */
        get: operations["listLearntPermissions"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/routing/learnt/forget": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Forgets a lesson, for when the permission was granted: the channel is used again at once. */
        post: operations["forgetLearntPermission"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/routing/rules": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The rules in force with their sentences, and the versions that were kept. */
        get: operations["readRoutingRules"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/routing/rules/check": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Everything that is wrong with a document of rules, or what each rule does. Keeps nothing. */
        post: operations["checkRoutingRules"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/stops/freezes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Freezes a party's accounts in every book, as an order of an authority asks. */
        post: operations["createFreeze"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/stops/freezes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An order, and which books have acknowledged it, or why not. */
        get: operations["getFreeze"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/stops/pauses": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is paused, by whom and why, the newest first. */
        get: operations["listPauses"];
        put?: never;
        /** Stops what is sent, within a second; ended by two persons, as stops.resume. */
        post: operations["createPause"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/success-rates": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Counts and rates of attempts made in a window, of any slice, by any of its dimensions. */
        get: operations["readSuccessRates"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/success-rates/changes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What each slice did to a change of a rate between two windows; it adds up to the change. */
        get: operations["explainSuccessRate"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/transfers": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Books one transfer, or up to 1,000 of one book, each on its own. */
        post: operations["createTransfers"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/transfers/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One transfer as it was booked or refused. */
        get: operations["getTransfer"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The organisation's users, in the order they were added. */
        get: operations["listUsers"];
        put?: never;
        /** Adds a user and makes the link by which he sets his credentials. */
        post: operations["inviteUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One user. */
        get: operations["getUser"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{id}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Disables a user for good. His sessions end. */
        post: operations["disableUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{id}/reset": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes the link by which a user sets new credentials in the place of those he has. */
        post: operations["resetUser"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{id}/roles/grant": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Gives a user a role. His sessions end. */
        post: operations["grantRole"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{id}/roles/revoke": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Takes a role from a user. His sessions end. */
        post: operations["revokeRole"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/users/{id}/sessions/end": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Ends all sessions of a user. */
        post: operations["endUserSessions"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/deliveries": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Deliveries, the latest first; those of the state dead are the dead letters. */
        get: operations["listWebhookDeliveries"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/deliveries/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** A delivery with its attempts: what was answered, how fast, and what went wrong. */
        get: operations["readWebhookDelivery"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/endpoints": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Endpoints with their health, in the order they were made. */
        get: operations["listWebhookEndpoints"];
        put?: never;
        /** Makes an endpoint. Its secret is in this answer only. */
        post: operations["makeWebhookEndpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/endpoints/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** An endpoint with its health. */
        get: operations["readWebhookEndpoint"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/endpoints/{id}/change": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Changes the URL, the events or the description of an endpoint. */
        post: operations["changeWebhookEndpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/endpoints/{id}/disable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Disables an endpoint: nothing is sent, and nothing new is kept for it. */
        post: operations["disableWebhookEndpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/endpoints/{id}/enable": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Enables an endpoint again; what had waited is sent, in order. */
        post: operations["enableWebhookEndpoint"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/endpoints/{id}/replays": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Sends one event, or a range of them, to an endpoint again, in order, with their ids. */
        post: operations["replayEvents"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/endpoints/{id}/rotate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** A new secret, in this answer only; the old one signs beside it for a while. */
        post: operations["rotateWebhookSecret"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/event-types": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The types of events, with the contract of their data and a sample. */
        get: operations["listEventTypes"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/listen": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Opens a session to which events are told while it is polled. */
        post: operations["openListener"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/listen/{session}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What waits for a session, as soon as something does; an empty list after the wait. */
        get: operations["pollListener"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/listen/{session}/results": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** How a delivery to a session went. */
        post: operations["reportListened"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/webhooks/trigger": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Makes a sample of a type and sends it like any event. In the sandbox only. */
        post: operations["triggerEvent"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Account: {
            /** @description the id of a book, such as book_7 */
            book: string;
            code: string;
            credit_limit?: components["schemas"]["Money"];
            holder?: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            name: string;
            /** @enum {string} */
            side: "debit" | "credit";
            /** @enum {string} */
            state: "open" | "frozen" | "closed";
        };
        AccountPage: {
            data: components["schemas"]["Account"][];
            has_more: boolean;
        };
        AccountWithBalances: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            at?: string;
            balances: components["schemas"]["Balances"];
            /** @description the id of a book, such as book_7 */
            book: string;
            code: string;
            credit_limit?: components["schemas"]["Money"];
            holder?: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            name: string;
            /** @enum {string} */
            side: "debit" | "credit";
            /** @enum {string} */
            state: "open" | "frozen" | "closed";
        };
        ApiKey: {
            algorithm: string | null;
            ended_at: string | null;
            expires_at: string;
            id: string;
            made_at: string;
            made_by: string;
            merchant: string | null;
            name: string;
            permissions: string[];
            public_key_sha256: string | null;
            replaced_by: string | null;
            requires_signature: boolean;
            /** @enum {string} */
            role: "merchant" | "operator" | "engineer";
            secret_begins: string | null;
            /** @enum {string} */
            state: "live" | "revoked" | "expired";
        };
        Approval: {
            action: string;
            break_glass: boolean;
            checkers_needed: number;
            /** @description in the contract of the action's module */
            content: unknown;
            content_hash: string;
            decisions: components["schemas"]["ApprovalDecision"][];
            effect_at_request: components["schemas"]["EffectLine"][];
            expires_at: string;
            history: {
                at: string;
                by: string | null;
                what: string;
            }[];
            id: string;
            moved_at: string;
            note: string;
            /** @description What a checker holds. */
            permission: string;
            reason: string;
            replaced_by: string | null;
            replaces: string | null;
            requested_at: string;
            requested_by: string;
            result: null | {
                /** @description in the contract of the action's module */
                done: unknown;
            } | {
                detail: string;
                refused: string;
            };
            /** @description The rule of the policies it was made under. */
            rule: string;
            status: string;
            title: {
                en: string;
                zh: string;
            } | null;
        };
        ApprovalDecision: {
            at: string;
            by: string;
            effect: components["schemas"]["EffectLine"][] | null;
            note: string;
            /**
             * @description approve or reject
             * @enum {string}
             */
            verdict: "approve" | "reject";
        };
        ApprovalDetail: {
            action: string;
            break_glass: boolean;
            checkers_needed: number;
            /** @description in the contract of the action's module */
            content: unknown;
            content_hash: string;
            decisions: components["schemas"]["ApprovalDecision"][];
            effect_at_request: components["schemas"]["EffectLine"][];
            effect_now: null | {
                changed: {
                    after?: components["schemas"]["EffectLine"];
                    before?: components["schemas"]["EffectLine"];
                }[];
                hash: string;
                lines: components["schemas"]["EffectLine"][];
            } | {
                detail: string;
                refused: string;
            };
            expires_at: string;
            history: {
                at: string;
                by: string | null;
                what: string;
            }[];
            id: string;
            moved_at: string;
            note: string;
            /** @description What a checker holds. */
            permission: string;
            reason: string;
            replaced_by: string | null;
            replaces: string | null;
            requested_at: string;
            requested_by: string;
            result: null | {
                /** @description in the contract of the action's module */
                done: unknown;
            } | {
                detail: string;
                refused: string;
            };
            /** @description The rule of the policies it was made under. */
            rule: string;
            status: string;
            title: {
                en: string;
                zh: string;
            } | null;
        };
        ApprovalPage: {
            data: components["schemas"]["Approval"][];
            has_more: boolean;
        };
        ApprovalPolicies: {
            document: {
                [key: string]: unknown;
            };
            says: {
                en: string;
                zh: string;
            }[];
            /** @description 0 for those of the files. */
            version: number;
        };
        Attempt: {
            /** @enum {string} */
            booked_to?: "destination" | "suspense";
            channel: string;
            channel_code?: string;
            channel_reference?: string;
            class?: string;
            created_at: string;
            /** @description the id of an attempt, such as att_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            method?: string;
            number: number;
            payer_action?: {
                kind: string;
                value: string;
            };
            reference: string;
            retry?: string;
            /** @enum {string} */
            status: "intended" | "sending" | "accepted" | "unknown" | "succeeded" | "failed";
            user_message?: {
                en: string;
                zh: string;
            };
            why?: {
                candidates: components["schemas"]["Candidate"][];
                rules: string;
            };
        };
        AuditCheckpoint: {
            at: string;
            /** @description SHA-256 of its line, which the next one names, hex. */
            hash: string;
            /** @description The public ed25519 key that signed it, base64. */
            key: string;
            number: number;
            /** @description RFC 6962 tree hash over the ends of all chains, hex. */
            root: string;
        };
        AuditEntry: {
            action: string;
            actor: {
                id: string;
                kind: string;
                person: string;
            };
            /** @description Absent for what is gone. */
            after?: unknown;
            approval: string | null;
            at: string;
            /** @description Absent for what is new. */
            before?: unknown;
            /** @description The address; empty for the platform itself. */
            from: string;
            /** @description SHA-256 of the entry and the one before it, hex. */
            hash: string;
            /** @description book and number of an entry; the book of configuration is 0 */
            id: string;
            object: string;
            request_id: string | null;
        };
        Balances: {
            available: components["schemas"]["SignedMoney"];
            pending_credits: components["schemas"]["Money"];
            pending_debits: components["schemas"]["Money"];
            posted: components["schemas"]["SignedMoney"];
        };
        Book: {
            chart: string;
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            closed_before?: string;
            currency: components["schemas"]["Currency"];
            /** @description the id of a book, such as book_7 */
            id: string;
            name: string;
        };
        BookPage: {
            data: components["schemas"]["Book"][];
            has_more: boolean;
        };
        ByPerson: {
            /** @description the id of a person without control characters, at most 80 */
            by: string;
        };
        Candidate: {
            channel: string;
            cost: string;
            eligible: boolean;
            success_ppm: number;
            why: string;
        };
        ChannelHealth: {
            account_type: string;
            /** @description Failures the channel itself caused. */
            bad: number;
            /** @description "*": all banks together. */
            bank: string;
            breaker: "closed" | "open" | "half_open";
            channel: string;
            direction: string;
            good: number;
            since: string | null;
            success_ppm: number;
        };
        ClosePeriod: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            before: string;
        };
        CodeClassification: {
            cause: string | null;
            certainty: string;
            letter: string;
            reason: string;
            retry: string;
            text: {
                en: string;
                zh: string;
            };
            version: number;
        };
        /**
         * @description an ISO 4217 code, such as CNY
         * @enum {string}
         */
        Currency: "AED" | "AFN" | "ALL" | "AMD" | "AOA" | "ARS" | "AUD" | "AWG" | "AZN" | "BAM" | "BBD" | "BDT" | "BHD" | "BIF" | "BMD" | "BND" | "BOB" | "BOV" | "BRL" | "BSD" | "BTN" | "BWP" | "BYN" | "BZD" | "CAD" | "CDF" | "CHE" | "CHF" | "CHW" | "CLF" | "CLP" | "CNY" | "COP" | "COU" | "CRC" | "CUP" | "CVE" | "CZK" | "DJF" | "DKK" | "DOP" | "DZD" | "EGP" | "ERN" | "ETB" | "EUR" | "FJD" | "FKP" | "GBP" | "GEL" | "GHS" | "GIP" | "GMD" | "GNF" | "GTQ" | "GYD" | "HKD" | "HNL" | "HTG" | "HUF" | "IDR" | "ILS" | "INR" | "IQD" | "IRR" | "ISK" | "JMD" | "JOD" | "JPY" | "KES" | "KGS" | "KHR" | "KMF" | "KPW" | "KRW" | "KWD" | "KYD" | "KZT" | "LAK" | "LBP" | "LKR" | "LRD" | "LSL" | "LYD" | "MAD" | "MDL" | "MGA" | "MKD" | "MMK" | "MNT" | "MOP" | "MRU" | "MUR" | "MVR" | "MWK" | "MXN" | "MXV" | "MYR" | "MZN" | "NAD" | "NGN" | "NIO" | "NOK" | "NPR" | "NZD" | "OMR" | "PAB" | "PEN" | "PGK" | "PHP" | "PKR" | "PLN" | "PYG" | "QAR" | "RON" | "RSD" | "RUB" | "RWF" | "SAR" | "SBD" | "SCR" | "SDG" | "SEK" | "SGD" | "SHP" | "SLE" | "SOS" | "SRD" | "SSP" | "STN" | "SVC" | "SYP" | "SZL" | "THB" | "TJS" | "TMT" | "TND" | "TOP" | "TRY" | "TTD" | "TWD" | "TZS" | "UAH" | "UGX" | "USD" | "USN" | "UYI" | "UYU" | "UYW" | "UZS" | "VED" | "VES" | "VND" | "VUV" | "WST" | "XAD" | "XAF" | "XCD" | "XCG" | "XOF" | "XPF" | "YER" | "ZAR" | "ZMW" | "ZWG";
        EffectLine: {
            account?: string;
            after?: string | {
                amount: string;
                currency: string;
            };
            amount?: string | {
                amount: string;
                currency: string;
            };
            before?: string | {
                amount: string;
                currency: string;
            };
            what: {
                en: string;
                zh: string;
            };
        };
        ErrorCode: {
            code: string;
            /** @description What to do */
            detail: string;
            status: number;
            title: string;
            /** @description The type a problem with this code carries */
            type: string;
        };
        Exception: {
            about: string;
            action?: string;
            actions: components["schemas"]["ExceptionAction"][];
            age_seconds: number;
            /** @description minor units */
            amount: string;
            deadline: string;
            evidence: {
                [key: string]: unknown;
            };
            /** @description the id of an exception, such as exc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            kind: string;
            note?: string;
            opened_at: string;
            overdue: boolean;
            owner: string;
            resolved_by?: string;
            seen: number;
            /** @enum {string} */
            status: "open" | "resolved";
            title: {
                en: string;
                zh: string;
            };
        };
        ExceptionAction: {
            action: string;
            title: {
                en: string;
                zh: string;
            };
        };
        ExceptionPage: {
            data: components["schemas"]["Exception"][];
        };
        FirstAdministrator: {
            login: string;
            name: string;
            staff_number: string;
        };
        Freeze: {
            approval?: string;
            authority: string;
            books: components["schemas"]["FreezeInBook"][];
            holder: string;
            /** @description the id of an order to freeze, such as frz_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            order_number: string;
            ordered_at: string;
            ordered_by: string;
            reason: string;
            /** @enum {string} */
            status: "ordered" | "in_force" | "ending" | "ended";
            until?: string;
        };
        FreezeInBook: {
            accounts?: number;
            book: string;
            /** @enum {string} */
            status: "pending" | "frozen" | "lifted";
            why?: string;
        };
        Hold: {
            amount: components["schemas"]["Money"];
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            credit_account: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            debit_account: string;
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            expires_at?: string;
            /** @description the id of a hold, such as hold_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            /** @description Whether it backs an instruction that is not final, and so does not expire */
            pinned: boolean;
            remaining: components["schemas"]["Money"];
            /** @enum {string} */
            state: "open" | "released" | "voided" | "expired";
        };
        HoldTransfer: {
            amount: components["schemas"]["Money"];
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            credit_account: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            debit_account: string;
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            effective_at?: string;
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            expires_at?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            /** @description a word of at most 64 characters without control characters */
            purpose?: string;
            /** @enum {string} */
            type: "hold";
        };
        LearntPermission: {
            account_type: string;
            /** @description "*": all banks together. */
            bank: string;
            channel: string;
            direction: string;
            evidence: {
                at: string;
                attempt: string;
                code: string;
            }[];
            expires_at: string | null;
            learnt_at: string | null;
            refusals: number;
        };
        Leg: {
            amount: components["schemas"]["Money"];
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            credit_account: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            debit_account: string;
        };
        LinkedPostTransfer: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            effective_at?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            legs: components["schemas"]["Leg"][];
            /** @description a word of at most 64 characters without control characters */
            purpose?: string;
            /** @enum {string} */
            type: "post";
        };
        MadeApiKey: {
            key: components["schemas"]["ApiKey"];
            /** @description Shown this once. Nobody can read it again. */
            secret: string | null;
        };
        Money: {
            /** @description minor units as digits: "680000000" is ¥6,800,000.00 */
            amount: string;
            currency: components["schemas"]["Currency"];
        };
        NewAccount: {
            /** @description the id of a book, such as book_7 */
            book: string;
            /** @description a code of the book's chart, such as 2241.02 */
            code: string;
            credit_limit?: components["schemas"]["Money"] | null;
            /** @description the public id of the holder without control characters */
            holder?: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id?: string;
            /** @description a name without control characters */
            name: string;
        };
        NewApproval: {
            /** @description an action, such as payouts.pay */
            action: string;
            break_glass?: boolean;
            /** @description in the contract of the action's module */
            content: unknown;
            /** @description one to 500 characters */
            reason: string;
        };
        NewAttempt: {
            /** @enum {string} */
            account_type?: "personal" | "corporate";
            /** @description a bank's short code such as ICBC */
            bank?: string;
            methods: ("wechat_native" | "wechat_h5" | "wechat_jsapi" | "alipay_qr" | "alipay_page" | "collection" | "bank_transfer")[];
            payer?: components["schemas"]["Payer"];
            /** @description an id without control characters, at most 128 */
            payer_id?: string;
            /** @description an address without control characters, at most 45 */
            payer_ip?: string;
        };
        NewBook: {
            /** @description the name of a chart template, such as custody_pool */
            chart: string;
            currency: components["schemas"]["Currency"];
            /** @description a name without control characters */
            name: string;
        };
        NewFreeze: {
            /** @description who ordered it without control characters, at most 100 */
            authority: string;
            /** @description the id that accounts name as their holder: a party, or a merchant */
            holder: string;
            /** @description the number of the order without control characters, at most 100 */
            order_number: string;
            /** @description a reason without control characters, at most 200 */
            reason: string;
            /** @description an instant, such as 2026-12-31T16:00:00Z */
            until?: string;
        };
        NewPause: {
            /** @description the id of a book, such as book_7 */
            book?: string;
            /** @description the name of a channel, such as wechat */
            channel?: string;
            /** @enum {string} */
            direction?: "collect" | "pay" | "refund";
            /** @enum {boolean} */
            everything?: true;
            /** @description the id that accounts name as their holder: a party, or a merchant */
            merchant?: string;
            /** @description a reason without control characters, at most 200 */
            reason: string;
        };
        NewPayment: {
            /** @enum {string} */
            account_type?: "personal" | "corporate";
            amount: components["schemas"]["Money"];
            attributes?: {
                [key: string]: string;
            };
            /** @description a bank's short code such as ICBC */
            bank?: string;
            destination: string | string[];
            expires_in_minutes?: number;
            /** @enum {string} */
            late?: "refund" | "attach";
            methods: ("wechat_native" | "wechat_h5" | "wechat_jsapi" | "alipay_qr" | "alipay_page" | "collection" | "bank_transfer")[];
            payer?: components["schemas"]["Payer"];
            /** @description an id without control characters, at most 128 */
            payer_id?: string;
            /** @description an address without control characters, at most 45 */
            payer_ip?: string;
            /** @description a line for the payer without control characters, at most 100 */
            subject: string;
        };
        NewPaymentPlan: {
            /** @enum {string} */
            account_type?: "personal" | "corporate";
            amount: components["schemas"]["Money"];
            attributes?: {
                [key: string]: string;
            };
            /** @description a bank's short code such as ICBC */
            bank?: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            destination: string;
            /** @enum {string} */
            method: "wechat_native" | "wechat_h5" | "wechat_jsapi" | "alipay_qr" | "alipay_page" | "collection" | "bank_transfer";
            /** @description a line for the payer without control characters, at most 100 */
            subject: string;
        };
        NewPayout: {
            amount: components["schemas"]["Money"];
            approval?: boolean;
            expires_in_minutes?: number;
            /** @description a line for the payee without control characters, at most 100 */
            memo: string;
            payee: components["schemas"]["Payee"];
            /** @description the id of a person without control characters, at most 80 */
            requested_by: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            source: string;
        };
        NewRefund: {
            amount: components["schemas"]["Money"];
            payer?: components["schemas"]["Payee"];
            payments: string[];
            /** @description a reason without control characters, at most 80 */
            reason: string;
            /** @description the id of a person without control characters, at most 80 */
            requested_by: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            source?: string;
        };
        OpenedLink: {
            expires_at: string;
            login: string | null;
            name: string | null;
            /** @enum {unknown} */
            purpose: "first_administrator" | "invite" | "reset";
            /** @description The seed of one-time codes, in Base32. */
            secret: string;
            /** @description The same for an authenticator app to scan. */
            uri: string;
        };
        OwnPasskey: {
            backed_up: boolean;
            id: string;
            made_at: string;
            name: string;
            used_at: string | null;
        };
        OwnSession: {
            agent: string;
            current: boolean;
            from: string;
            id: string;
            /** @description Within half a minute. */
            seen_at: string;
            started_at: string;
        };
        PasskeyAssertion: {
            authenticatorAttachment?: string | null;
            clientExtensionResults?: {
                [key: string]: unknown;
            };
            id: string;
            rawId: string;
            response: {
                authenticatorData: string;
                clientDataJSON: string;
                signature: string;
                userHandle?: string | null;
            } & {
                [key: string]: unknown;
            };
            /** @enum {string} */
            type: "public-key";
        };
        PasskeyAttestation: {
            authenticatorAttachment?: string | null;
            clientExtensionResults?: {
                [key: string]: unknown;
            };
            id: string;
            rawId: string;
            response: {
                attestationObject: string;
                clientDataJSON: string;
                transports?: string[];
            } & {
                [key: string]: unknown;
            };
            /** @enum {string} */
            type: "public-key";
        };
        PasskeyOptions: {
            options: {
                challenge: string;
            } & {
                [key: string]: unknown;
            };
        };
        Pause: {
            approval?: string;
            book?: string;
            channel?: string;
            /** @enum {string} */
            direction?: "collect" | "pay" | "refund";
            /** @description the id of a pause, such as stop_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            merchant?: string;
            paused_at: string;
            paused_by: string;
            reason: string;
            resumed_at?: string;
            /** @enum {string} */
            status: "paused" | "resumed";
        };
        Payee: {
            /** @description an account number without control characters, at most 40 */
            account: string;
            /** @enum {string} */
            account_type: "personal" | "corporate";
            /** @description a bank's short code such as ICBC */
            bank: string;
            /** @description 12 digits */
            cnaps?: string;
            /** @description a name without control characters, at most 100 */
            name: string;
        };
        Payer: {
            /** @description an account number without control characters, at most 40 */
            account: string;
            /** @enum {string} */
            account_type: "personal" | "corporate";
            /** @description a bank's short code such as ICBC */
            bank: string;
            /** @description an ID number without control characters, at most 20 */
            id_number?: string;
            /** @description a mobile number without control characters, at most 20 */
            mobile?: string;
            /** @description a name without control characters, at most 100 */
            name: string;
        };
        PayLeg: {
            /** @enum {string} */
            account_type?: "personal" | "corporate";
            /** @description a bank's short code such as ICBC */
            bank?: string;
            methods?: ("wechat_native" | "wechat_h5" | "wechat_jsapi" | "alipay_qr" | "alipay_page" | "collection" | "bank_transfer")[];
            payer?: components["schemas"]["Payer"];
            /** @description an id without control characters, at most 128 */
            payer_id?: string;
            /** @description an address without control characters, at most 45 */
            payer_ip?: string;
        };
        Payment: {
            amount: components["schemas"]["Money"];
            attempts: components["schemas"]["Attempt"][];
            created_at: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            destination: string;
            expires_at: string;
            /** @description the id of a payment, such as pay_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            /** @enum {string} */
            late: "refund" | "attach";
            leg?: number;
            /** @description the id of a payment plan, such as plan_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            plan?: string;
            /** @enum {string} */
            status: "open" | "succeeded" | "closed";
            subject: string;
        };
        PaymentPlan: {
            amount: components["schemas"]["Money"];
            created_at: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            destination: string;
            /** @description the id of a payment plan, such as plan_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            legs: components["schemas"]["PlanLeg"][];
            method: string;
            paid: components["schemas"]["Money"];
            /** @enum {string} */
            status: "open" | "succeeded" | "closed";
            subject: string;
        };
        PaymentPlanLegChange: {
            amount?: components["schemas"]["Money"];
            pay?: components["schemas"]["PayLeg"];
        };
        Payout: {
            about?: string;
            amount: components["schemas"]["Money"];
            approved_by?: string;
            attempts: components["schemas"]["PayoutAttempt"][];
            code?: string;
            created_at: string;
            /** @description the id of a payout, such as pout_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            memo: string;
            /** @enum {string} */
            purpose: "payout" | "refund" | "refund_funding" | "reimbursement";
            requested_by: string;
            returns: components["schemas"]["PayoutReturn"][];
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            source: string;
            /** @enum {string} */
            status: "waiting_for_cash" | "waiting_for_approval" | "processing" | "succeeded" | "failed" | "cancelled";
            valid_until: string;
        };
        PayoutAttempt: {
            channel: string;
            channel_code?: string;
            number: number;
            reference: string;
            status: string;
        };
        PayoutReturn: {
            amount: components["schemas"]["Money"];
            /** @enum {string} */
            booked_to: "source" | "suspense";
            channel: string;
            code: string;
            date: string;
            flow: string;
            says: string;
        };
        PlanLeg: {
            amount: components["schemas"]["Money"];
            number: number;
            pay_on: string;
            /** @description the id of a payment, such as pay_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            payment?: string;
            /** @enum {string} */
            status: "planned" | "confirming" | "paid" | "dropped";
        };
        PostTransfer: {
            amount: components["schemas"]["Money"];
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            credit_account: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            debit_account: string;
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            effective_at?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            /** @description a word of at most 64 characters without control characters */
            purpose?: string;
            /** @enum {string} */
            type: "post";
        };
        /** @description A problem as RFC 9457 describes it */
        Problem: {
            /** @description Lower snake case; listed under /errors */
            code: string;
            /** @description A sentence that says what to do */
            detail: string;
            errors?: {
                code: string;
                /** @description A sentence that says what to do */
                detail: string;
                /** @description JSON pointer to the failing field */
                pointer: string;
            }[];
            /** @description Path of the request */
            instance: string;
            request_id: string;
            /** @description Whether the same request may be answered later */
            retryable: boolean;
            status: number;
            title: string;
            /** @description Path that explains the code */
            type: string;
        };
        Proof: {
            /** @description What to look at when it does not hold */
            detail?: string;
            holds: boolean;
            /** @description minor units */
            left: string;
            name: string;
            /** @description minor units */
            right: string;
        };
        Proofs: {
            /** @description the id of a book, such as book_7 */
            book: string;
            /** @description Whether all of them hold */
            holds: boolean;
            proofs: components["schemas"]["Proof"][];
        };
        Refund: {
            amount: components["schemas"]["Money"];
            created_at: string;
            /** @description the id of a refund, such as ref_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            parts: components["schemas"]["RefundPart"][];
            reason: string;
            requested_by: string;
            /** @enum {string} */
            status: "processing" | "succeeded" | "failed";
            succeeded: components["schemas"]["Money"];
        };
        RefundPart: {
            amount: components["schemas"]["Money"];
            channel: string;
            code?: string;
            number: number;
            /** @enum {string} */
            route: "original" | "payout" | "manual";
            /** @enum {string} */
            status: "planned" | "processing" | "waiting_for_funds" | "waiting_for_approval" | "paying_out" | "manual" | "succeeded" | "failed";
        };
        ReleaseHold: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            effective_at?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id?: string;
            parts?: components["schemas"]["ReleasePart"][];
            /** @description a word of at most 64 characters without control characters */
            purpose?: string;
        };
        ReleasePart: {
            amount: components["schemas"]["Money"];
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            credit_account?: string;
        };
        Resolution: {
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            account?: string;
            /** @description one of the actions of its kind without control characters, at most 40 */
            action: string;
            /** @description who decides without control characters, at most 80 */
            by: string;
            /** @description why, in a sentence without control characters, at most 500 */
            note: string;
            payee?: components["schemas"]["Payee"];
        };
        ReverseTransfer: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            effective_at?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            /** @description a word of at most 64 characters without control characters */
            purpose?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            subject: string;
            /** @enum {string} */
            type: "reverse";
        };
        Role: {
            permissions: string[];
            /** @enum {unknown} */
            role: "viewer" | "operator" | "approver" | "finance" | "product" | "engineer" | "administrator" | "merchant";
            title: {
                en: string;
                zh: string;
            };
        };
        RouteCandidate: {
            channel: string;
            /** @description Minor units. */
            cost: string;
            eligible: boolean;
            says: {
                en: string;
                zh: string;
            };
            success_ppm: number;
            why: string;
        };
        RoutingRule: {
            id: string;
            says: {
                en: string;
                zh: string;
            };
            then: {
                [key: string]: unknown;
            };
            title: {
                en: string;
                zh: string;
            };
            when: string;
        };
        RoutingRuleProblem: {
            code: string;
            pointer: string;
            says: string;
        };
        RoutingRuleVersion: {
            activated_at: string | null;
            made_at: string;
            note: string;
            version: string;
        };
        Session: {
            /** @description So long after its start it is over anyway. */
            absolute_seconds: number;
            /** @description The session, `ses_0_…`. */
            id: string;
            /** @description Without a request for as long, it is over. */
            idle_seconds: number;
            merchant: string | null;
            organisation: {
                name: string;
                number: number;
            };
            permissions: {
                permission: string;
                title: {
                    en: string;
                    zh: string;
                };
            }[];
            /** @description The natural person; two users of one person are one. */
            person: string;
            proof_counts_until: string;
            /** @description The last proof of presence. */
            proved_at: string;
            roles: {
                role: string;
                title: {
                    en: string;
                    zh: string;
                };
            }[];
            user: {
                id: string;
                login: string;
                name: string;
            };
        };
        SignedMoney: {
            /** @description minor units as digits, with a minus when below zero */
            amount: string;
            currency: components["schemas"]["Currency"];
        };
        StatementLine: {
            amount: components["schemas"]["Money"];
            balance_after: components["schemas"]["SignedMoney"];
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            booked_at: string;
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            counterpart: string;
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            effective_at: string;
            leg: number;
            /** @description a number as digits */
            number: string;
            purpose?: string;
            /** @enum {string} */
            side: "debit" | "credit";
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            transfer: string;
            /** @enum {string} */
            type: "post" | "hold" | "release" | "void" | "expire" | "reverse";
        };
        StatementPage: {
            data: components["schemas"]["StatementLine"][];
            has_more: boolean;
        };
        SuccessRate: {
            denominator: string;
            high_ppm: number | null;
            low_ppm: number | null;
            low_sample: boolean;
            numerator: string;
            ppm: number | null;
        };
        SuccessRateChangePart: {
            after: components["schemas"]["SuccessRate"];
            before: components["schemas"]["SuccessRate"];
            group: {
                [key: string]: string;
            };
            mix_ppb: string;
            rate_ppb: string;
        };
        SuccessRateRow: {
            at: string | null;
            counts: {
                [key: string]: string;
            };
            group: {
                [key: string]: string;
            };
            immature: {
                attempts: string;
                succeeded: string;
            };
            rates: {
                [key: string]: components["schemas"]["SuccessRate"];
            };
        };
        Transfer: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            booked_at: string;
            /** @description the id of a hold, such as hold_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            hold?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            /** @description a number as digits */
            number: string;
            /** @description True when this id was booked before and nothing was booked now */
            replayed: boolean;
            /** @enum {string} */
            status: "accepted";
            /** @enum {string} */
            type: "post" | "hold" | "release" | "void" | "expire" | "reverse";
        };
        TransferBatch: {
            transfers: components["schemas"]["TransferRequest"][];
        };
        TransferBatchResult: {
            transfers: components["schemas"]["TransferItem"][];
        };
        TransferItem: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            booked_at?: string;
            /** @description Why it was refused or not taken, as in a problem */
            code?: string;
            detail?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            /** @description a number as digits */
            number?: string;
            replayed: boolean;
            /**
             * @description `not_taken`: nothing was decided; send this one again
             * @enum {string}
             */
            status: "accepted" | "refused" | "not_taken";
        };
        TransferRecord: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            booked_at?: string;
            /** @description Why it was refused */
            code?: string;
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            effective_at?: string;
            /** @description the id of a hold, such as hold_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            hold?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            legs: components["schemas"]["Leg"][];
            /** @description a number as digits */
            number?: string;
            purpose?: string;
            /** @enum {string} */
            status: "accepted" | "refused";
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            subject?: string;
            /** @enum {string} */
            type: "post" | "hold" | "release" | "void" | "expire" | "reverse";
        };
        TransferRequest: components["schemas"]["PostTransfer"] | components["schemas"]["LinkedPostTransfer"] | components["schemas"]["HoldTransfer"] | components["schemas"]["ReverseTransfer"];
        TrialBalance: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            at?: string;
            /** @description the id of a book, such as book_7 */
            book: string;
            credits: components["schemas"]["Money"];
            debits: components["schemas"]["Money"];
            rows: components["schemas"]["TrialBalanceRow"][];
        };
        TrialBalanceRow: {
            /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            account: string;
            balance: components["schemas"]["SignedMoney"];
            code: string;
            credits: components["schemas"]["Money"];
            debits: components["schemas"]["Money"];
            name: string;
            /** @enum {string} */
            side: "debit" | "credit";
        };
        UnmappedCode: {
            channel: string;
            classified_in: number | null;
            code: string;
            /** @description Attempts that ended with it while it was unmapped. */
            count: string;
            direction: string;
            first_seen: string;
            last_seen: string;
            /** @description The attempt that met it last. */
            sample: string;
        };
        User: {
            has_password: boolean;
            id: string;
            locked_until: string | null;
            login: string;
            made_at: string;
            merchant: string | null;
            name: string;
            passkeys: number;
            person: string;
            roles: ("viewer" | "operator" | "approver" | "finance" | "product" | "engineer" | "administrator" | "merchant")[];
            staff_number: string;
            /** @enum {unknown} */
            state: "active" | "disabled";
        };
        UserLink: {
            expires_at: string;
            /** @description For the user alone; shown this once. */
            token: string;
            user: string;
        };
        VoidHold: {
            /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
            effective_at?: string;
            /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id?: string;
            /** @description a word of at most 64 characters without control characters */
            purpose?: string;
        };
        WebhookAttempt: {
            at: string;
            error: string;
            ms: number;
            number: number;
            reply: string;
            status: number | null;
        };
        WebhookDeliveries: {
            data: components["schemas"]["WebhookDelivery"][];
            next: string | null;
        };
        WebhookDelivery: {
            attempts: number;
            created: string;
            /** @description the id of an endpoint, such as whk_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            endpoint: string;
            /** @description the id of an event, such as evt_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            event: string;
            /** @description the id of a delivery, such as whd_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            next_attempt: string | null;
            replay: boolean;
            /** @enum {string} */
            state: "waiting" | "delivered" | "dead";
            type: string;
        };
        WebhookDeliveryWithAttempts: {
            attempts: components["schemas"]["WebhookAttempt"][];
            delivery: components["schemas"]["WebhookDelivery"];
        };
        WebhookEndpoint: {
            created: string;
            description: string;
            disabled_because: ("" | "person" | "gone" | "failing") | null;
            events: string[];
            health: {
                dead: number;
                failing_since: string | null;
                failures: number;
                last_failure: string | null;
                last_success: string | null;
                waiting: number;
            };
            /** @description the id of an endpoint, such as whk_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            merchant: string | null;
            old_secret_until: string | null;
            /** @enum {string} */
            state: "enabled" | "disabled";
            url: string;
        };
        WebhookEndpoints: {
            data: components["schemas"]["WebhookEndpoint"][];
            next: string | null;
        };
        WebhookEndpointWithSecret: {
            endpoint: components["schemas"]["WebhookEndpoint"];
            /** @description whsec_ and 32 bytes in base64 */
            secret: string;
        };
        WebhookEvent: {
            api_version: string;
            created: string;
            data: unknown;
            /** @description the id of an event, such as evt_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            id: string;
            org: string;
            /** @enum {boolean} */
            test?: true;
            type: string;
        };
        WebhookEvents: {
            data: components["schemas"]["WebhookEvent"][];
            next: string | null;
        };
        WebhookEventType: {
            data: unknown;
            sample: unknown;
            title: {
                en: string;
                zh: string;
            };
            type: string;
            version: number;
        };
        WebhookEventTypes: {
            data: components["schemas"]["WebhookEventType"][];
        };
        WebhookListened: {
            body: string;
            /** @description the id of a delivery, such as whd_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            delivery: string;
            headers: {
                [key: string]: string;
            };
        };
        WebhookListenedPage: {
            data: components["schemas"]["WebhookListened"][];
        };
        WebhookListening: {
            idle_seconds: number;
            /** @description whsec_ and 32 bytes in base64 */
            secret: string;
            /** @description the id of an endpoint, such as whk_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
            session: string;
        };
        WebhookReplay: {
            deliveries: number;
        };
        WebhookResend: {
            deliveries: number;
        };
        WebhookResult: {
            taken: boolean;
        };
        WebhookTriggered: {
            deliveries: number;
            event: components["schemas"]["WebhookEvent"];
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    listErrorCodes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["ErrorCode"][];
                    };
                };
            };
        };
    };
    getErrorCode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                code: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ErrorCode"];
                };
            };
        };
    };
    getHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "up";
                    };
                };
            };
        };
    };
    getMetrics: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": string;
                };
            };
        };
    };
    getReadiness: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        checks: {
                            name: string;
                            says: string;
                        }[];
                        /** @enum {unknown} */
                        status: "ready" | "not_ready";
                    };
                };
            };
            /** @description Done. */
            503: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        checks: {
                            name: string;
                            says: string;
                        }[];
                        /** @enum {unknown} */
                        status: "ready" | "not_ready";
                    };
                };
            };
        };
    };
    listAccounts: {
        parameters: {
            query: {
                /** @description the id of a book, such as book_7 */
                book: string;
                /** @description How many items a page has at most */
                limit?: number;
                /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                starting_after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountPage"];
                };
            };
        };
    };
    openAccount: {
        parameters: {
            query?: never;
            header?: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key"?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAccount"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
        };
    };
    getAccount: {
        parameters: {
            query?: {
                /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
                at?: string;
            };
            header?: never;
            path: {
                /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["AccountWithBalances"];
                };
            };
        };
    };
    closeAccount: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
        };
    };
    freezeAccount: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
        };
    };
    getStatement: {
        parameters: {
            query?: {
                /** @description How many items a page has at most */
                limit?: number;
                /** @description the number of a line */
                starting_after?: string;
            };
            header?: never;
            path: {
                /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["StatementPage"];
                };
            };
        };
    };
    unfreezeAccount: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description the id of an account, such as acc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Account"];
                };
            };
        };
    };
    getApprovalPolicies: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalPolicies"];
                };
            };
        };
    };
    listApprovals: {
        parameters: {
            query?: {
                /** @description an action, such as payouts.pay */
                action?: string;
                limit?: number;
                /** @description the id of a request for approval */
                starting_after?: string;
                /** @description one of requires_review, approved, rejected, canceled, expired, executed, failed */
                status?: "requires_review" | "approved" | "rejected" | "canceled" | "expired" | "executed" | "failed";
                /** @description `mine`: asked for by you. `for_me`: waiting for your decision. */
                whose?: "mine" | "for_me";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalPage"];
                };
            };
        };
    };
    requestApproval: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewApproval"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    getApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a request for approval */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApprovalDetail"];
                };
            };
        };
    };
    approveApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a request for approval */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description the content_hash of the request, as you read it */
                    content_hash: string;
                    /** @description the hash of the effect you saw; when sent, it must still be that effect */
                    effect_hash?: string;
                    /** @description at most 500 characters */
                    note?: string;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    cancelApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a request for approval */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description the content_hash of the request, as you read it */
                    content_hash: string;
                    /** @description at most 500 characters */
                    note?: string;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    editApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a request for approval */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description in the contract of the action's module */
                    content: unknown;
                    /** @description the content_hash of the request, as you read it */
                    content_hash: string;
                    /** @description at most 500 characters */
                    note?: string;
                    /** @description one to 500 characters */
                    reason: string;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    rejectApproval: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a request for approval */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description the content_hash of the request, as you read it */
                    content_hash: string;
                    /** @description one to 500 characters */
                    note: string;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Approval"];
                };
            };
        };
    };
    listAuditEntries: {
        parameters: {
            query?: {
                /** @description such as identity.grant_role */
                action?: string;
                /** @description the public id of the user or key */
                actor?: string;
                limit?: number;
                /** @description the public id of what was changed */
                object?: string;
                /** @description the natural person, through whatever user or key */
                person?: string;
                /** @description from this time on */
                since?: string;
                /** @description book and number of an entry; the book of configuration is 0 */
                starting_after?: string;
                /** @description before this time */
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AuditEntry"][];
                        has_more: boolean;
                    };
                };
            };
        };
    };
    listAuditCheckpoints: {
        parameters: {
            query?: {
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["AuditCheckpoint"][];
                    };
                };
            };
        };
    };
    openLink: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description the token of the link */
                    token: string;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["OpenedLink"];
                };
            };
        };
    };
    enrolPasskey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    response: components["schemas"]["PasskeyAttestation"];
                    /** @description the token of the link */
                    token: string;
                    who?: components["schemas"]["FirstAdministrator"];
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
        };
    };
    askEnrolmentPasskey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description the token of the link */
                    token: string;
                    who?: components["schemas"]["FirstAdministrator"];
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyOptions"];
                };
            };
        };
    };
    enrolPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description six digits */
                    code: string;
                    password: string;
                    /** @description the token of the link */
                    token: string;
                    who?: components["schemas"]["FirstAdministrator"];
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
        };
    };
    askPasskey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyOptions"];
                };
            };
        };
    };
    signInByPasskey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasskeyAssertion"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
        };
    };
    listOwnPasskeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["OwnPasskey"][];
                    };
                };
            };
        };
    };
    addPasskey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    name: string;
                    response: components["schemas"]["PasskeyAttestation"];
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {boolean} */
                        done: true;
                    };
                };
            };
        };
    };
    askNewPasskey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyOptions"];
                };
            };
        };
    };
    removePasskey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    id: string;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {boolean} */
                        done: true;
                    };
                };
            };
        };
    };
    signInByPassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description six digits */
                    code: string;
                    login: string;
                    password: string;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
        };
    };
    changePassword: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    current: string;
                    password: string;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {boolean} */
                        done: true;
                    };
                };
            };
        };
    };
    getSession: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
        };
    };
    listOwnSessions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["OwnSession"][];
                    };
                };
            };
        };
    };
    endOwnSession: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {boolean} */
                        done: true;
                    };
                };
            };
        };
    };
    signOut: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {boolean} */
                        signed_out: true;
                    };
                };
            };
        };
    };
    stepUpByCode: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description six digits */
                    code: string;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
        };
    };
    stepUpByPasskey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PasskeyAssertion"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Session"];
                };
            };
        };
    };
    askPasskeyForStepUp: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PasskeyOptions"];
                };
            };
        };
    };
    listBooks: {
        parameters: {
            query?: {
                /** @description How many items a page has at most */
                limit?: number;
                /** @description the id of a book, such as book_7 */
                starting_after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["BookPage"];
                };
            };
        };
    };
    createBook: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewBook"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Book"];
                };
            };
        };
    };
    getBook: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a book, such as book_7 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Book"];
                };
            };
        };
    };
    closePeriod: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description the id of a book, such as book_7 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ClosePeriod"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Book"];
                };
            };
        };
    };
    getProofs: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a book, such as book_7 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Proofs"];
                };
            };
        };
    };
    getTrialBalance: {
        parameters: {
            query?: {
                /** @description a time with its offset (RFC 3339), at most to the millisecond, such as 2026-03-01T09:30:00+08:00 */
                at?: string;
            };
            header?: never;
            path: {
                /** @description the id of a book, such as book_7 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TrialBalance"];
                };
            };
        };
    };
    takeCallback: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                channel: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "*/*": string;
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description In the words of whoever called */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": string;
                };
            };
        };
    };
    takeNotice: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                channel: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    [key: string]: unknown;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {string} */
                        status: "taken";
                    };
                };
            };
        };
    };
    listUnmappedCodes: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `open`: what waits to be classified. `all`: those classified since, too. */
                state?: "open" | "all";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["UnmappedCode"][];
                        version: string;
                    };
                };
            };
        };
    };
    classifyCode: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                channel: string;
                code: string;
                direction: "collect" | "pay" | "refund";
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    cause?: "user" | "bank" | "channel" | "merchant" | "system" | "risk";
                    certainty: "succeeded" | "failed" | "unknown";
                    every_direction?: boolean;
                    note?: string;
                    reason: string;
                    retry: "none" | "by_user" | "other_channel" | "same_channel_later" | "after_fix";
                    text?: {
                        en: string;
                        zh: string;
                    };
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["CodeClassification"];
                };
            };
        };
    };
    listEvents: {
        parameters: {
            query?: {
                /** @description the id of an event, such as evt_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                after?: string;
                limit?: number;
                /** @description a time by RFC 3339, such as 2026-03-02T09:00:00+08:00 */
                since?: string;
                /** @description a type of event, a group such as payout.*, or * */
                type?: string;
                /** @description a time by RFC 3339, such as 2026-03-02T09:00:00+08:00 */
                until?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEvents"];
                };
            };
        };
    };
    readEvent: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of an event, such as evt_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEvent"];
                };
            };
        };
    };
    resendEvent: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description the id of an event, such as evt_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookResend"];
                };
            };
        };
    };
    listExceptions: {
        parameters: {
            query: {
                /** @description what it is about without control characters, at most 80 */
                about?: string;
                /** @description the id of a book */
                book: string;
                limit?: number;
                status?: "open" | "resolved";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ExceptionPage"];
                };
            };
        };
    };
    resolveException: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of an exception, such as exc_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Resolution"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Exception"];
                };
            };
        };
    };
    getHold: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a hold, such as hold_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Hold"];
                };
            };
        };
    };
    releaseHold: {
        parameters: {
            query?: never;
            header?: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description the id of a hold, such as hold_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ReleaseHold"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Transfer"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Transfer"];
                };
            };
        };
    };
    voidHold: {
        parameters: {
            query?: never;
            header?: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key"?: string;
            };
            path: {
                /** @description the id of a hold, such as hold_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["VoidHold"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Transfer"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Transfer"];
                };
            };
        };
    };
    listKeys: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["ApiKey"][];
                    };
                };
            };
        };
    };
    createKey: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {string} */
                    algorithm?: "ed25519" | "rsa-pss-sha512" | "sm2-sm3";
                    /** @description A time such as 2027-01-31T00:00:00Z. */
                    expires_at?: string;
                    /** @description an id such as mch_0_… */
                    merchant?: string;
                    name: string;
                    permissions?: ("books.read" | "books.write" | "transfers.create" | "accounts.freeze" | "payments.read" | "payments.create" | "plans.create" | "payouts.create" | "refunds.create" | "exceptions.read" | "exceptions.resolve" | "channels.read" | "routing.read" | "routing.propose" | "codes.read" | "codes.propose" | "quality.read" | "approvals.read" | "approvals.decide" | "approvals.request" | "audit.read" | "users.read" | "users.manage" | "keys.read" | "keys.manage" | "webhooks.read" | "webhooks.manage" | "events.read" | "events.replay" | "stops.read" | "stops.pause" | "stops.resume" | "personal.read" | "sandbox.use")[];
                    /** @description A public key as PEM. */
                    public_key?: string;
                    requires_signature?: boolean;
                    /** @enum {string} */
                    role: "merchant" | "operator" | "engineer";
                    /** @description Whether it gets a secret; true unless said. */
                    secret?: boolean;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeApiKey"];
                };
            };
        };
    };
    revokeKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description an id such as key_0_… */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ApiKey"];
                };
            };
        };
    };
    rotateKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description an id such as key_0_… */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description how long the old key still opens; a day unless said */
                    grace_seconds?: number;
                    /** @description A public key as PEM. */
                    public_key?: string;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["MadeApiKey"];
                };
            };
        };
    };
    createPaymentPlan: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPaymentPlan"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaymentPlan"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaymentPlan"];
                };
            };
        };
    };
    getPaymentPlan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a payment plan, such as plan_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaymentPlan"];
                };
            };
        };
    };
    closePaymentPlan: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a payment plan, such as plan_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaymentPlan"];
                };
            };
        };
    };
    changePaymentPlanLeg: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a payment plan, such as plan_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
                number: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["PaymentPlanLegChange"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["PaymentPlan"];
                };
            };
        };
    };
    createPayment: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPayment"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payment"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payment"];
                };
            };
        };
    };
    getPayment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a payment, such as pay_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payment"];
                };
            };
        };
    };
    createAttempt: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description the id of a payment, such as pay_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewAttempt"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payment"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payment"];
                };
            };
        };
    };
    closePayment: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a payment, such as pay_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payment"];
                };
            };
        };
    };
    createPayout: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPayout"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payout"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payout"];
                };
            };
        };
    };
    getPayout: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a payout, such as pout_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payout"];
                };
            };
        };
    };
    approvePayout: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a payout, such as pout_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ByPerson"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payout"];
                };
            };
        };
    };
    cancelPayout: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a payout, such as pout_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ByPerson"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Payout"];
                };
            };
        };
    };
    createRefund: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewRefund"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refund"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refund"];
                };
            };
        };
    };
    getRefund: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a refund, such as ref_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refund"];
                };
            };
        };
    };
    approveRefund: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a refund, such as ref_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["ByPerson"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Refund"];
                };
            };
        };
    };
    listRoles: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Role"][];
                    };
                };
            };
        };
    };
    previewRouteDecision: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    account_type?: "personal" | "corporate";
                    amount: {
                        /** @description Minor units as digits: "680000000" is ¥6,800,000.00 */
                        amount: string;
                        /** @description ISO 4217 code */
                        currency: string;
                    };
                    /** @description RFC 3339; now when absent. */
                    at?: string;
                    attributes?: {
                        [key: string]: string;
                    };
                    /** @description Short code, such as ICBC */
                    bank?: string;
                    book: string;
                    direction: "collect" | "pay" | "refund";
                    methods?: ("wechat_native" | "wechat_h5" | "wechat_jsapi" | "alipay_qr" | "alipay_page" | "collection" | "bank_transfer")[];
                    sticky?: string;
                    tried?: string[];
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        applied: string[];
                        candidates: components["schemas"]["RouteCandidate"][];
                        channel: string | null;
                        method: string | null;
                        rules: string;
                        says: {
                            en: string;
                            zh: string;
                        };
                    };
                };
            };
        };
    };
    listChannelHealth: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["ChannelHealth"][];
                    };
                };
            };
        };
    };
    listLearntPermissions: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["LearntPermission"][];
                    };
                };
            };
        };
    };
    forgetLearntPermission: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    account_type: ("personal" | "corporate") | "";
                    /** @description Short code, such as ICBC */
                    bank: string;
                    channel: string;
                    direction: "collect" | "pay" | "refund";
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        /** @enum {boolean} */
                        forgotten: true;
                    };
                };
            };
        };
    };
    readRoutingRules: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        policy: {
                            [key: string]: unknown;
                        };
                        rules: components["schemas"]["RoutingRule"][];
                        /** @description The version in force: SHA-256 of its content. */
                        version: string;
                        versions: components["schemas"]["RoutingRuleVersion"][];
                    };
                };
            };
        };
    };
    checkRoutingRules: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description Policy and rules, as in schemes/routing. */
                    document: {
                        [key: string]: unknown;
                    };
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        problems: components["schemas"]["RoutingRuleProblem"][];
                        /** @description What each rule does, in its order; empty when there are problems. */
                        says: {
                            en: string;
                            zh: string;
                        }[];
                    };
                };
            };
        };
    };
    createFreeze: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewFreeze"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Freeze"];
                };
            };
        };
    };
    getFreeze: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of an order to freeze, such as frz_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Freeze"];
                };
            };
        };
    };
    listPauses: {
        parameters: {
            query?: {
                limit?: number;
                /** @description `paused`: those that stand. `all`: those that were ended, too. */
                status?: "paused" | "all";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["Pause"][];
                    };
                };
            };
        };
    };
    createPause: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewPause"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Pause"];
                };
            };
        };
    };
    readSuccessRates: {
        parameters: {
            query: {
                /** @description Values with commas between. */
                account_type?: string;
                /** @description Values with commas between. */
                band?: string;
                /** @description Values with commas between. */
                bank?: string;
                /** @description Of direction, channel, code, cause, reason, letter, mapped, bank, account_type, band. */
                by?: string;
                /** @description Values with commas between. */
                cause?: string;
                /** @description Values with commas between. */
                channel?: string;
                /** @description Values with commas between. */
                code?: string;
                codes_version?: number;
                /** @description Values with commas between. */
                direction?: string;
                /** @description RFC 3339, such as 2026-03-02T00:00:00+08:00. */
                from: string;
                /** @description Values with commas between. */
                letter?: string;
                /** @description Values with commas between. */
                mapped?: string;
                /** @description Values with commas between. */
                reason?: string;
                time?: "day" | "hour";
                /** @description RFC 3339, such as 2026-03-02T00:00:00+08:00. */
                to: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["SuccessRateRow"][];
                    };
                };
            };
        };
    };
    explainSuccessRate: {
        parameters: {
            query: {
                /** @description Values with commas between. */
                account_type?: string;
                /** @description Values with commas between. */
                band?: string;
                /** @description Values with commas between. */
                bank?: string;
                /** @description RFC 3339, such as 2026-03-02T00:00:00+08:00. */
                before_from: string;
                /** @description RFC 3339, such as 2026-03-02T00:00:00+08:00. */
                before_to: string;
                /** @description Of direction, channel, code, cause, reason, letter, mapped, bank, account_type, band. */
                by?: string;
                /** @description Values with commas between. */
                cause?: string;
                /** @description Values with commas between. */
                channel?: string;
                /** @description Values with commas between. */
                code?: string;
                codes_version?: number;
                /** @description Values with commas between. */
                direction?: string;
                /** @description RFC 3339, such as 2026-03-02T00:00:00+08:00. */
                from: string;
                /** @description Values with commas between. */
                letter?: string;
                /** @description Values with commas between. */
                mapped?: string;
                rate: string;
                /** @description Values with commas between. */
                reason?: string;
                /** @description RFC 3339, such as 2026-03-02T00:00:00+08:00. */
                to: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        after: components["schemas"]["SuccessRate"];
                        before: components["schemas"]["SuccessRate"];
                        change_ppb: string;
                        parts: components["schemas"]["SuccessRateChangePart"][];
                    };
                };
            };
        };
    };
    createTransfers: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["TransferRequest"] | components["schemas"]["TransferBatch"];
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Transfer"] | components["schemas"]["TransferBatchResult"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Transfer"];
                };
            };
        };
    };
    getTransfer: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a transfer, such as tr_7_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["TransferRecord"];
                };
            };
        };
    };
    listUsers: {
        parameters: {
            query?: {
                limit?: number;
                /** @description an id such as usr_0_… */
                starting_after?: string;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": {
                        data: components["schemas"]["User"][];
                        has_more: boolean;
                    };
                };
            };
        };
    };
    inviteUser: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    login: string;
                    /** @description an id such as mch_0_… */
                    merchant?: string;
                    name: string;
                    roles: ("viewer" | "operator" | "approver" | "finance" | "product" | "engineer" | "administrator" | "merchant")[];
                    staff_number: string;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserLink"];
                };
            };
        };
    };
    getUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description an id such as usr_0_… */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    disableUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description an id such as usr_0_… */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    resetUser: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description an id such as usr_0_… */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["UserLink"];
                };
            };
        };
    };
    grantRole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description an id such as usr_0_… */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {unknown} */
                    role: "viewer" | "operator" | "approver" | "finance" | "product" | "engineer" | "administrator" | "merchant";
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    revokeRole: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description an id such as usr_0_… */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @enum {unknown} */
                    role: "viewer" | "operator" | "approver" | "finance" | "product" | "engineer" | "administrator" | "merchant";
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    endUserSessions: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description an id such as usr_0_… */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["User"];
                };
            };
        };
    };
    listWebhookDeliveries: {
        parameters: {
            query?: {
                /** @description the id of a delivery, such as whd_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                after?: string;
                /** @description the id of an endpoint, such as whk_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                endpoint?: string;
                /** @description the id of an event, such as evt_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                event?: string;
                limit?: number;
                state?: "waiting" | "delivered" | "dead";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDeliveries"];
                };
            };
        };
    };
    readWebhookDelivery: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of a delivery, such as whd_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookDeliveryWithAttempts"];
                };
            };
        };
    };
    listWebhookEndpoints: {
        parameters: {
            query?: {
                /** @description the id of an endpoint, such as whk_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                after?: string;
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpoints"];
                };
            };
        };
    };
    makeWebhookEndpoint: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description a description without control characters, at most 200 */
                    description?: string;
                    events: string[];
                    /** @description the id of a merchant, such as mch_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                    merchant?: string;
                    /** @description an https URL */
                    url: string;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpointWithSecret"];
                };
            };
        };
    };
    readWebhookEndpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of an endpoint, such as whk_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpoint"];
                };
            };
        };
    };
    changeWebhookEndpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of an endpoint, such as whk_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description a description without control characters, at most 200 */
                    description?: string;
                    events?: string[];
                    /** @description an https URL */
                    url?: string;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpoint"];
                };
            };
        };
    };
    disableWebhookEndpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of an endpoint, such as whk_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpoint"];
                };
            };
        };
    };
    enableWebhookEndpoint: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of an endpoint, such as whk_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpoint"];
                };
            };
        };
    };
    replayEvents: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description the id of an endpoint, such as whk_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description the id of an event, such as evt_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                    event?: string;
                    events?: string[];
                    failed_only?: boolean;
                    /** @description a time by RFC 3339, such as 2026-03-02T09:00:00+08:00 */
                    since?: string;
                    /** @description a time by RFC 3339, such as 2026-03-02T09:00:00+08:00 */
                    until?: string;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookReplay"];
                };
            };
        };
    };
    rotateWebhookSecret: {
        parameters: {
            query?: never;
            header: {
                /** @description A fresh key for each new request, the same one when it is sent again: the same body gets the first answer with `Idempotency-Replayed: true`, another body is refused. */
                "Idempotency-Key": string;
            };
            path: {
                /** @description the id of an endpoint, such as whk_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    keep_hours?: number;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEndpointWithSecret"];
                };
            };
        };
    };
    listEventTypes: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookEventTypes"];
                };
            };
        };
    };
    openListener: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    events?: string[];
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done now. */
            201: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookListening"];
                };
            };
        };
    };
    pollListener: {
        parameters: {
            query?: {
                wait?: number;
            };
            header?: never;
            path: {
                /** @description the id of an endpoint, such as whk_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                session: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookListenedPage"];
                };
            };
        };
    };
    reportListened: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description the id of an endpoint, such as whk_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                session: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    /** @description the id of a delivery, such as whd_0_019a2b3c4d5e7f708192a3b4c5d6e7f8 */
                    delivery: string;
                    error?: string;
                    ms: number;
                    reply?: string;
                    status: number | null;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookResult"];
                };
            };
        };
    };
    triggerEvent: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": {
                    set?: {
                        [key: string]: unknown;
                    };
                    type: string;
                };
            };
        };
        responses: {
            /** @description Refused; the problem says what to do. */
            "4XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not answered; the problem says when to retry. */
            "5XX": {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Done. */
            200: {
                headers: {
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["WebhookTriggered"];
                };
            };
        };
    };
}
